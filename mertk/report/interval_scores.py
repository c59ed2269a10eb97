"""Spotted intervals from a file and their scores by all rules, for a terminal and as JSON."""

from collections.abc import Sequence
from typing import Any

from mertk.core.printing import count_noun, text_console
from mertk.report.spotting import describe_counts
from mertk.report.tables import make_table, print_lines
from mertk.spotting import interval_analysis
from mertk.spotting.interval_names import join_some
from mertk.spotting.rules import RULES, USED
from mertk.spotting.scored_intervals import ScoredIntervals


def scores_to_json(found: ScoredIntervals) -> dict[str, Any]:
    """Everything that is printed, as JSON."""
    rules: dict[str, Any] = {}
    for rule, spotting in found.spotting.items():
        kinds = {kind: describe_counts(counts) for kind, counts in spotting.by_kind.items()}
        one = found.strs.get(rule)
        rules[rule] = {
            "name": RULES[rule],
            "used": USED[rule],
            "overall": describe_counts(spotting.overall),
            "by_kind": kinds,
            "strs": one
            and {
                "STRS": one.value,
                "F1 of spotting": one.spotting.f1,
                "classes": list(one.classes),
                "recognised": one.spotted,
                "recognition": dict(one.recognition),
            },
        }
    return {
        "file": found.name,
        "rules": rules,
        "F1_interval": {part: list(ends) for part, ends in found.ends.items()},
        "no_strs": found.without_strs,
        "predicted_videos_without_truth": list(found.unknown),
        "notes": list(found.notes),
    }


def print_scores(found: ScoredIntervals) -> None:
    """Print the scores by all rules, and what they mean."""
    title = f"{found.name}: spotting, IoU ≥ 0.5, pooled over videos"
    heads = [name.replace(" ", "\n", 1) for name in RULES.values()]
    table = make_table(title, ["", *heads])
    rows: dict[str, list[str]] = {}
    for spotting in found.spotting.values():
        for part, counts in {"overall": spotting.overall, **spotting.by_kind}.items():
            for name, value in describe_counts(counts).items():
                rows.setdefault(f"{part} {name}", []).append(_format_number(value))
    for label, cells in rows.items():
        table.add_row(label, *cells)
    if found.strs:
        of = " of micro-expressions" if found.strs_kind else ""
        table.add_section()
        table.add_row(f"STRS{of}", *_list_cells(found, "STRS"))
        names = [name for one in found.strs.values() for name in one.recognition]
        for name in dict.fromkeys(names):
            table.add_row(f"recognition {name}", *_list_cells(found, name))
    console = text_console()
    console.print(table)
    print_lines(list_sentences(found), console)


def print_comparison(files: Sequence[ScoredIntervals]) -> None:
    """Print paired tests of several files that are scored against one truth."""
    tests = interval_analysis.compare_files(files) if len(files) > 1 else {}
    if not tests or len({one.truths for one in files}) > 1:
        return
    heads = ["F1 one to one", "difference", "95 % interval", "p", "p (Holm)"]
    table = make_table("paired permutation over subjects", heads)
    for (first, second), test in tests.items():
        ends = f"{test.low:+.3f} … {test.high:+.3f}"
        values = f"{test.difference:+.3f}", ends, f"{test.p:.4f}", f"{test.corrected:.4f}"
        table.add_row(f"{first} - {second}", *values)
    text_console().print(table)


def list_sentences(found: ScoredIntervals, *, rules: bool = True) -> list[str]:
    """The sentences below the table; with `rules`, those on who used which."""
    lines = list(found.notes)
    for part, (low, high) in found.ends.items():
        value = found.spotting["one_to_one"]
        f1 = value.overall.f1 if part == "overall" else value.by_kind[part].f1
        lines.append(
            f"F1 one to one, {part}: {f1:.3f}, 95 % interval over subjects {low:.3f}–{high:.3f}."
        )
    if not found.ends:
        lines.append("No intervals: the files do not name two subjects.")
    if found.without_strs:
        lines.append(f"No STRS: {found.without_strs}.")
    if found.unknown:
        lines.append(
            f"Not in the truth: {len(found.unknown)} of "
            f"{count_noun(found.videos, 'predicted video')} "
            f"({join_some(found.unknown.values())}): one to one, every interval spotted in them is "
            "wrong. Do these videos have other names in the truth?"
        )
    if rules:
        lines += [f"{RULES[rule]}: {text}." for rule, text in USED.items()]
    return lines


def _list_cells(found: ScoredIntervals, name: str) -> list[str]:
    """A score of recognition by rule; of a rule that has none, a dash."""
    cells = []
    for rule in RULES:
        one = found.strs.get(rule)
        value = None if one is None else one.value if name == "STRS" else one.recognition.get(name)
        cells.append(_format_number(value))
    return cells


def _format_number(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
