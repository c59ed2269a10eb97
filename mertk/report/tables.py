"""The score table for a terminal and as JSON, and the sentences that go with it."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mertk.report.labels import per_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from rich.table import Table

    from mertk.harness.results import Results
    from mertk.stats import Paired

ALPHA = 0.05


def show(results: Results, *, published: bool = False) -> None:
    """Print the table and its sentences on standard output, and what was `published`."""
    from rich.console import Console

    from mertk.report import published as printed

    console = Console()
    console.print(_scores(results))
    parts = results.parts()
    if len(parts):
        console.print(_parts(results, parts))
    if results.multilabel:
        console.print(_labels(results))
    for sentence in sentences(results):
        console.print(sentence, highlight=False, markup=False)
    if published:
        found = printed.beside(results)
        if found:
            printed.show(found)
        else:
            console.print(f"No published scores of {results.protocol.name} are known here.")


def _scores(results: Results) -> Table:
    """The scores of all clips, a row a run."""
    drawn = _table(title(results), "model")
    for name in score_names(results):
        drawn.add_column(f"{name}\n95 % interval", justify="right", no_wrap=True)
    for name in ("clips", "folds", "seconds"):
        drawn.add_column(name, justify="right", no_wrap=True)
    for row in results.table().to_dict("records"):
        cells = [_cell(row, name) for name in score_names(results)]
        tail = [str(row["clips"]), str(row["folds"]), f"{row['seconds']:.1f}"]
        drawn.add_row(row["model"], *cells, *tail, style="dim" if row["floor"] else "")
    return drawn


def _parts(results: Results, parts: pd.DataFrame) -> Table:
    """The scores of each part, a row a part and run."""
    drawn = _table("the same predictions by part", "part")
    drawn.add_column("model", overflow="fold", min_width=14)
    for name in score_names(results):
        drawn.add_column(f"{name}\n95 % interval", justify="right", no_wrap=True)
    for name in ("clips", "people"):
        drawn.add_column(name, justify="right", no_wrap=True)
    for part, rows in parts.groupby("part", sort=False):
        for row in rows.to_dict("records"):
            cells = [_cell(row, name) for name in score_names(results)]
            tail = [str(row["clips"]), str(row["subjects"])]
            style = "dim" if row["floor"] else ""
            drawn.add_row(str(part), row["model"], *cells, *tail, style=style)
    return drawn


def _table(name: str, first: str) -> Table:
    from rich.table import Table

    drawn = Table(title=name, title_justify="left", box=None, padding=(0, 1, 0, 0))
    drawn.add_column(first, overflow="fold", min_width=17 if first == "model" else 8)
    return drawn


def _cell(row: Mapping[Any, Any], name: str) -> str:
    """A score and its interval, or a dash where the score means nothing."""
    if math.isnan(row[name]):
        return "–"
    return f"{row[name]:.3f}\n{row[f'{name}_low']:.3f}–{row[f'{name}_high']:.3f}"


def _labels(results: Results) -> Table:
    """Positives and F1 per label."""
    drawn = _table("per label: binary F1 / macro F1", "label")
    drawn.add_column("positives", justify="right", no_wrap=True)
    for outcome in results.outcomes:
        drawn.add_column(outcome.name, justify="right", overflow="fold", min_width=13)
    for row in per_label(results):
        pairs = zip(row.binary, row.macro, strict=True)
        cells = [f"{binary:.3f} / {macro:.3f}" for binary, macro in pairs]
        drawn.add_row(row.label, f"{row.positives} of {row.clips}", *cells)
    return drawn


def title(results: Results) -> str:
    """What was measured on what."""
    return f"{', '.join(results.datasets)} · {results.protocol} · pooled over folds"


def score_names(results: Results) -> list[str]:
    """The scores of the protocol, in its order."""
    return list(results.chance)


def warnings(results: Results) -> list[str]:
    """What must be known before any score is compared: made-up clips, and other clips."""
    found = []
    if results.synthetic:
        found.append(
            "These clips are SYNTHETIC: faces made from one photograph. The scores say how the "
            "programs work, not how well anybody's expressions are recognised."
        )
    published = results.published
    if published and published["differences"]:
        found.append(
            f"NOT the clips of {_list(results, published)}: {'; '.join(published['differences'])}. "
            "The scores cannot be compared with published ones."
        )
    return found


def sentences(results: Results) -> list[str]:
    """What the table means: the kind of data, chance, and the first model against the others."""
    found = warnings(results)
    published = results.published
    if published and not published["differences"]:
        found.append(_as_published(results, published))
    presets = [o.name for o in results.outcomes if ":" in o.name]
    if presets:
        found.append(f"Presets that ran: {', '.join(presets)}.")
    low, high = results.chance[results.main_score]
    frequencies = "training" if results.tests_all else "other tested people's"
    found.append(
        f"Guessing by the {frequencies} frequencies scores {results.main_score} "
        f"{low:.3f}–{high:.3f} on these folds (95 % of guesses)."
    )
    found += _without_a_class(results)
    floors = {o.name for o in results.outcomes if o.is_floor}
    tested = results.comparisons().items()
    found += [versus(a, b, test) for (a, b), test in tested if b not in floors]
    return found


def _list(results: Results, published: Mapping[str, Any]) -> str:
    """The published list by protocol and edition."""
    edition = f" ({published['edition']})" if published["edition"] else ""
    return f"{results.protocol.name}{edition}"


def _as_published(results: Results, published: Mapping[str, Any]) -> str:
    if published["compared"] == "list":
        which = f"{published['clips']}, list {published['list'][:12]}"
        return f"The clips are those of {_list(results, published)} ({which})."
    return (
        f"The clips are as many as {_list(results, published)} has, in all that was published of "
        f"their numbers ({published['clips']}); nobody has published the list itself."
    )


def _without_a_class(results: Results) -> list[str]:
    """Which parts have no score over classes."""
    parts = results.parts()
    if not len(parts):
        return []
    lost = parts[parts[score_names(results)].isna().any(axis=1)]["part"].unique()
    return [f"No score over classes for {', '.join(lost)}: a class has no clip there."] * any(lost)


def versus(a: str, b: str, test: Paired) -> str:
    """One sentence on A against B; "above" or "below" only where the test supports it."""
    how = (
        f"{test.difference:+.3f} {test.score} (95 % interval {test.low:+.3f} … {test.high:+.3f}; "
        f"p = {test.p:.4f}, paired permutation over {test.subjects} subjects"
        f"{', exact' if test.exact else ''})"
    )
    if test.p < ALPHA:
        return f"{a} scores {'above' if test.difference > 0 else 'below'} {b}: {how}."
    return f"No difference between {a} and {b} is shown: {how}."


def to_json(results: Results) -> dict[str, Any]:
    """Everything that the table and the sentences say, for machines."""
    parts = results.parts()
    return {
        "datasets": results.datasets,
        "synthetic": results.synthetic,
        "protocol": results.protocol.to_json(),
        "classes": list(results.classes),
        "models": results.table().to_dict("records"),
        "parts": parts.astype(object).where(parts.notna(), None).to_dict("records"),
        "published": results.published,
        "chance": {name: list(ends) for name, ends in results.chance.items()},
        "comparisons": [
            {"a": a, "b": b, "score": t.score, "difference": t.difference, "low": t.low,
             "high": t.high, "p": t.p, "subjects": t.subjects, "exact": t.exact}
            for (a, b), t in results.comparisons().items()
        ],
        "per_label": [asdict(row) for row in per_label(results)],
        "sentences": sentences(results),
    }  # fmt: skip
