"""The tables of a bench for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mertk.core.printing import text_console
from mertk.evaluation.label_scores import per_label
from mertk.report import sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from rich.table import Table

    from mertk.evaluation.results import Results
    from mertk.experiment.runner import Planned


def print_results(results: Results, *, published: bool = False) -> None:
    """Print the table and its sentences on standard output, and what was `published`."""
    from mertk.report import literature

    console = text_console()
    console.print(_make_score_table(results, results.table(), sentences.format_title(results)))
    if any(results.swept.values()):
        console.print(_make_sweep_table(results))
    epochs = results.epochs_table()
    if len(epochs):
        console.print(_make_epoch_table(results, epochs))
    if results.leaked:
        console.print(_make_leak_table(results))
    if results.label_maps:
        console.print(_make_label_map_table(results))
    parts = results.parts()
    if len(parts):
        console.print(_make_part_table(results, parts))
    if results.multilabel:
        console.print(_make_label_table(results))
    for sentence in sentences.list_sentences(results):
        console.print(sentence)
    if published:
        found = literature.find_published_beside(results)
        if found:
            literature.print_published(found)
        else:
            console.print(f"mertk has no published scores of {results.protocol.name}.")


def show_plan(planned: Sequence[Planned]) -> None:
    """Print the expected run time of the remaining folds, by number of workers."""
    from rich.console import Console

    workers = planned[0].workers
    counts = sorted({1, 2, 8, 32, workers})
    drawn = _start_table("expected run time", "model")
    for name in ("folds left", "time per fold", "memory per worker"):
        drawn.add_column(name, justify="right", no_wrap=True)
    for count in counts:
        drawn.add_column(f"on {count} worker{'s' if count > 1 else ''}", justify="right")
    for one in planned:
        times = [shown_duration(one.seconds_left(count)) for count in counts]
        drawn.add_row(
            one.model,
            f"{one.left} of {one.folds}",
            shown_duration(one.fold_seconds),
            f"{one.memory:.0f} MB" if one.memory else "unknown",
            *times,
        )
    console = Console()
    console.print(drawn)
    whole = sum(one.seconds_left(workers) for one in planned)
    console.print(
        f"Expected run time on {workers} workers: {shown_duration(whole)}. The features of all "
        "clips and the timed folds are kept; the same command without --plan runs the rest.",
        highlight=False,
    )


def shown_duration(seconds: float) -> str:
    """A time to read: 0.4 s, 12 s, 3 min, 5.2 h, 8.1 days."""
    for unit, length in (("days", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.2g} s" if seconds < 100 else f"{seconds:.0f} s"


def _make_sweep_table(results: Results) -> Table:
    """The values of a sweep as rows, their scores as columns."""
    table = results.sweep_table()
    paths = list(next(iter(results.swept.values())))
    drawn = _start_table("sweep", paths[0])
    for path in paths[1:]:
        drawn.add_column(path)
    for score in sentences.score_names(results):
        drawn.add_column(score, justify="right", no_wrap=True)
    for row in table.to_dict("records"):
        scores = [f"{row[score]:.3f}" for score in sentences.score_names(results)]
        drawn.add_row(*(row[path] for path in paths), *scores)
    return drawn


def _make_epoch_table(results: Results, epochs: pd.DataFrame) -> Table:
    """The scores of each rule that selects an epoch."""
    drawn = _start_table("epoch selection", "model")
    drawn.add_column("epoch")
    drawn.add_column("mean", justify="right", no_wrap=True)
    for score in sentences.score_names(results):
        drawn.add_column(f"{score}\n95 % interval", justify="right", no_wrap=True)
    for row in epochs.to_dict("records"):
        if math.isnan(row.get("epoch", math.nan)):
            drawn.add_row(row["model"], row["rule"])
            continue
        cells = [_format_cell(row, name) for name in sentences.score_names(results)]
        style = "dim" if "LEAKED" in row["rule"] else ""
        drawn.add_row(row["model"], row["rule"], f"{row['epoch']:.0f}", *cells, style=style)
    return drawn


def _make_label_map_table(results: Results) -> Table:
    """The same predictions with several label maps, one row per run and map."""
    found = results.remapped()
    drawn = _start_table("the same predictions with other label maps", "model")
    drawn.add_column("label map", overflow="fold")
    drawn.add_column("clips", justify="right", no_wrap=True)
    for score in found[0].scores:
        drawn.add_column(f"{score}\n95 % interval", justify="right", no_wrap=True)
    for one in found:
        row = sentences.flatten_scores(one)
        drawn.add_row(
            one.model, one.label_map, str(one.clips), *(_format_cell(row, n) for n in one.scores)
        )
    return drawn


def _make_leak_table(results: Results) -> Table:
    """The scores of replays, in a table of their own."""
    return _make_score_table(results, results.leaked_table(), sentences.LEAKED)


def _make_score_table(results: Results, table: pd.DataFrame, name: str) -> Table:
    """The scores of all clips, one row per run."""
    drawn = _start_table(name, "model")
    for score in sentences.score_names(results):
        drawn.add_column(f"{score}\n95 % interval", justify="right", no_wrap=True)
    for column in ("clips", "folds", "seconds"):
        drawn.add_column(column, justify="right", no_wrap=True)
    for row in table.to_dict("records"):
        cells = [_format_cell(row, name) for name in sentences.score_names(results)]
        tail = [str(row["clips"]), str(row["folds"]), f"{row['seconds']:.1f}"]
        model = row["model"] + sentences.MARK * row["seen_before"]
        drawn.add_row(model, *cells, *tail, style="dim" if row["floor"] else "")
    return drawn


def _make_part_table(results: Results, parts: pd.DataFrame) -> Table:
    """The scores of each part, one row per part and run."""
    drawn = _start_table("the same predictions by part", "part")
    drawn.add_column("model", overflow="fold", min_width=14)
    for name in sentences.score_names(results):
        drawn.add_column(f"{name}\n95 % interval", justify="right", no_wrap=True)
    for name in ("clips", "subjects"):
        drawn.add_column(name, justify="right", no_wrap=True)
    for part, rows in parts.groupby("part", sort=False):
        for row in rows.to_dict("records"):
            cells = [_format_cell(row, name) for name in sentences.score_names(results)]
            tail = [str(row["clips"]), str(row["subjects"])]
            style = "dim" if row["floor"] else ""
            drawn.add_row(str(part), row["model"], *cells, *tail, style=style)
    return drawn


def _start_table(name: str, first: str) -> Table:
    from rich.table import Table

    drawn = Table(title=name, title_justify="left", box=None, padding=(0, 1, 0, 0))
    drawn.add_column(first, overflow="fold", min_width=17 if first == "model" else 8)
    return drawn


def _format_cell(row: Mapping[Any, Any], name: str) -> str:
    """A score and its interval, or a dash if the score is not defined."""
    if math.isnan(row[name]):
        return "–"
    return f"{row[name]:.3f}\n{row[f'{name}_low']:.3f}–{row[f'{name}_high']:.3f}"


def _make_label_table(results: Results) -> Table:
    """Positives and F1 per label."""
    drawn = _start_table("per label: binary F1 / macro F1", "label")
    drawn.add_column("positives", justify="right", no_wrap=True)
    for outcome in results.outcomes:
        drawn.add_column(outcome.name, justify="right", overflow="fold", min_width=13)
    for row in per_label(results):
        pairs = zip(row.binary, row.macro, strict=True)
        cells = [f"{binary:.3f} / {macro:.3f}" for binary, macro in pairs]
        drawn.add_row(row.label, f"{row.positives} of {row.clips}", *cells)
    return drawn
