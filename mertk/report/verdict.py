"""The verdict on top of a report: one picture of the main score, and one sentence a model."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mertk.evaluation.results import Results
from mertk.evaluation.statistics import ALPHA, Paired
from mertk.report.literature import read_published_scores

_NUMBER = re.compile(r"[01]?\.\d+")
OTHERS = "other methods, as published"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """A line of the picture: a model's score with its interval, and published scores.

    `score`, `low` and `high` are None where a line holds published scores alone; `published` are
    (value, text).
    """

    name: str
    score: float | None = None
    low: float | None = None
    high: float | None = None
    floor: bool = False
    published: Sequence[tuple[float, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The score with its interval, or the number of published ones."""
        if self.score is None:
            return f"{len(self.published)} scores"
        return f"{self.score:.3f} ({self.low:.3f}–{self.high:.3f})"


def list_score_lines(results: Results) -> list[ScoreLine]:
    """The models and floors by main score, the best first, then what else was published."""
    score, published = results.main_score, _find_published(results)
    models = {outcome.name: outcome.run.variant.get("model") for outcome in results.outcomes}
    rows = results.table().sort_values(score, ascending=False, kind="stable").to_dict("records")
    lines = []
    for row in rows:
        lines.append(
            ScoreLine(
                name=row["model"],
                score=row[score],
                low=row[f"{score}_low"],
                high=row[f"{score}_high"],
                floor=row["floor"],
                published=published.get(models[row["model"]] or "-", []),
            )
        )
    others = []
    for model, marks in published.items():
        if model not in models.values():
            others += marks
    return [*lines, ScoreLine(name=OTHERS, published=others)] if others else lines


def _find_published(results: Results) -> dict[str, list[tuple[float, str]]]:
    """The published main scores on all clips of the protocol, by our name of the method."""
    table = read_published_scores()
    wanted = (table["protocol"] == results.protocol.name) & (table["part"] == "")
    found: dict[str, list[tuple[float, str]]] = {}
    for row in table[wanted & (table["score"] == results.main_score)].to_dict("records"):
        if _NUMBER.fullmatch(row["value"]):
            text = f"{row['method']}: {row['value']} ({row['source']}; {row['leak']})"
            found.setdefault(row["model"], []).append((float(row["value"]), text))
    return found


def list_verdicts(
    results: Results, tests: Mapping[tuple[str, str], Paired] | None = None
) -> list[str]:
    """One sentence a model, the best first: against chance, and against one other model.

    That is the first model of the results; with `tests` of all pairs, it is the best one.
    """
    names = {outcome.name for outcome in results.models}
    table = results.table().sort_values(results.main_score, ascending=False, kind="stable")
    compared = {}
    if tests is None:
        tests = results.comparisons()
        best = results.models[0].name if results.models else ""
    else:
        best = next(name for name in table["model"] if name in names)
    for (one, other), test in tests.items():
        if one == best:
            compared[other] = best, test
        elif other == best:
            compared[one] = best, replace(test, difference=-test.difference)
    found = []
    for row in table.to_dict("records"):
        if row["model"] in names:
            text = f"{row['model']} {_compare_with_chance(results, row)}"
            if row["model"] in compared:
                text += f"; {_compare_with_first(*compared[row['model']])}"
            found.append(f"{text}.")
    return found


def _compare_with_chance(results: Results, row: Mapping[Any, Any]) -> str:
    """What follows from a score, its interval and the chance level."""
    score = results.main_score
    value, low, (_, chance) = row[score], row[f"{score}_low"], results.chance[score]
    if row["collapsed"]:
        return "has learnt nothing: it predicts one class for all clips of a fold"
    if value <= chance:
        return f"is not above chance ({score} {value:.3f}, chance up to {chance:.3f})"
    if low <= chance:
        return (
            f"is not shown to be above chance: its interval begins at {low:.3f}, and chance "
            f"reaches {chance:.3f}"
        )
    return f"is above chance ({score} {value:.3f}, chance up to {chance:.3f})"


def _compare_with_first(first: str, test: Paired) -> str:
    p = f"p\u00a0=\u00a0{test.corrected:.3f}" if test.corrected >= 0.001 else "p\u00a0<\u00a00.001"
    if test.corrected >= ALPHA:
        return f"it does not differ significantly from {first} ({p})"
    return f"it is {'worse' if test.difference > 0 else 'better'} than {first} ({p})"
