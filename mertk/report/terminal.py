"""The tables of a bench for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mertk.core.printing import count_noun, format_duration, text_console
from mertk.evaluation.breakdowns import count_choices, score_labels
from mertk.evaluation.tables import list_sweep_paths
from mertk.report import sentences
from mertk.report.short_names import shorten_results
from mertk.report.tables import format_interval, make_table, name_intervals, print_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from rich.table import Table

    from mertk.evaluation.results import Results
    from mertk.experiment.runner import Planned


def print_results(results: Results, *, published: bool = False) -> None:
    """Print the table and its sentences on standard output, and what was `published`."""
    import pandas as pd

    from mertk.report import literature

    results = shorten_results(results)
    scores, paths = list(results.chance), list_sweep_paths(results.swept)
    tail = {"clips": "", "folds": "", "seconds": ".1f"}
    epochs, maps, parts = results.epochs_table(), results.remapped(), results.parts()
    if len(parts):  # the parts in their order, and the runs of each
        parts = pd.concat([rows for _, rows in parts.groupby("part", sort=False)])
    if len(epochs):
        epochs = epochs.assign(mean=epochs.get("epoch", np.nan), epoch=epochs["rule"])
        epochs["mean"] = epochs["mean"].map(lambda one: "" if np.isnan(one) else f"{one:.0f}")
    if len(maps):
        maps["label map"] = maps["map"]
    title = sentences.format_title(results)
    tables = [
        _make_table(title, results.table(), ["model"], scores, tail),
        _make_table("sweep", results.sweep_table(), paths, scores, intervals=False),
        _make_table("epoch selection", epochs, ["model", "epoch", "mean"], scores, texts=2),
        _make_table(sentences.LEAKED, results.leaked_table(), ["model"], scores, tail),
        _make_table(
            "the same predictions with other label maps",
            maps,
            ["model", "label map", "clips"],
            ["UF1", "UAR", "accuracy"],
            texts=2,
        ),
        _make_table(
            "the same predictions by part",
            parts,
            ["part", "model"],
            scores,
            {"clips": "", "subjects": ""},
        ),
        _make_label_table(results),
        _make_choice_table(results),
    ]
    console = text_console()
    for table in tables:
        if table.row_count:
            console.print(table)
    print_lines(sentences.list_sentences(results), console)
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
    counts = sorted({1, workers, 32})
    times = (count_noun(count, "worker") for count in counts)
    head = ["model", "folds left", "a fold", "memory", *times]
    drawn = make_table("expected run time, and memory of a worker", head, width=17)
    for one in planned:
        drawn.add_row(
            one.model,
            f"{one.left} of {one.folds}",
            format_duration(one.fold_seconds),
            f"{one.memory:.0f} MB" if one.memory else "unknown",
            *(format_duration(one.seconds_left(count)) for count in counts),
        )
    console = Console()
    console.print(drawn)
    whole = sum(one.seconds_left(workers) for one in planned)
    console.print(
        f"Expected run time on {count_noun(workers, 'worker')}: {format_duration(whole)}. The "
        "features of all clips and the timed folds are kept; the same command without --plan runs "
        "the rest.",
        highlight=False,
    )


def _make_table(
    title: str,
    rows: pd.DataFrame,
    names: Sequence[str],
    scores: Sequence[str],
    tail: Mapping[str, str] | None = None,
    *,
    texts: int | None = None,
    intervals: bool = True,
) -> Table:
    """A table of scores: the columns `names`, the scores, and those of `tail` by their format.

    The first `texts` columns, by default all `names`, are text. Floors and leaks are dim; a dagger
    marks models whose weights were trained on the data set.
    """
    tail = tail or {}
    heads = [*names, *(name_intervals(scores) if intervals else scores), *tail]
    if "seconds" in tail:
        heads[-1] = "time s\nCPU s"
    width = 17 if "model" in names[:1] else 8
    drawn = make_table(title, heads, texts=texts or len(names), width=width)
    for row in rows.to_dict("records"):
        cells = [str(row[name]) for name in names]
        if row.get("seen_before"):
            cells[0] += sentences.MARK
        if row.get("collapsed"):
            cells[0] += sentences.COLLAPSED
        missing = "" if "rule" in row else "–"
        for name in scores:
            cell = format_interval(row, name, missing)
            cells.append(cell if intervals else cell.partition("\n")[0])
        cells += [format(row[name], form) for name, form in tail.items()]
        if row.get("cpu_seconds") and "seconds" in tail:
            cells[-1] += f"\n{row['cpu_seconds']:.1f}"
        dim = row.get("floor", False) or "LEAKED" in row.get("rule", "")
        drawn.add_row(*cells, style="dim" if dim else "")
    return drawn


def _make_label_table(results: Results) -> Table:
    """Positives and F1 per label."""
    head = ["label", "positives", *(outcome.name for outcome in results.outcomes)]
    drawn = make_table("per label: binary F1 / macro F1", head)
    for row in score_labels(results).to_dict("records"):
        cells = map("{:.3f} / {:.3f}".format, row["binary"], row["macro"])
        drawn.add_row(row["label"], f"{row['positives']} of {row['clips']}", *cells)
    return drawn


def _make_choice_table(results: Results) -> Table:
    """What was chosen in the folds while models were fitted."""
    drawn = make_table(sentences.CHOICES, ["model", "choice", "value", "folds"], texts=3, width=17)
    for row in count_choices([*results.outcomes, *results.leaked]):
        drawn.add_row(row["model"], row["choice"], row["value"], f"{row['folds']} of {row['of']}")
    return drawn
