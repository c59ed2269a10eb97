"""`mertk score FILE`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mertk.cli import load_and_report_plugins
from mertk.core.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mertk.spotting.interval import Interval
    from mertk.spotting.scored_intervals import Kind, ScoredIntervals


@click.command("score")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--classes", metavar="A,B,…", help="Class names, in the order of the numbers 0, 1, … in FILE."
)
@click.option(
    "--spotting",
    metavar="TRUTH",
    help="Score the spotted intervals in FILE against the true intervals in the table TRUTH, or "
    "against the annotations of the data set TRUTH (NAME[:KEY=VALUE,…]).",
)
@click.option(
    "--vqa",
    metavar="QUESTIONS",
    type=click.Path(path_type=Path),
    help="Score the answers in FILE (.jsonl) to the questions in QUESTIONS, which have the true "
    "answers.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder of the data set that --spotting names; its frames are not needed. Default: as "
    "given to `mertk data add`.",
)
@click.option(
    "--kind",
    type=click.Choice(["micro", "macro"]),
    help="Score expressions of this kind alone. Spotted intervals without a type are all taken "
    "for it.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for a page of spotted intervals with time lines, and tables of matches, videos "
    "and subjects.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[Path, ...],
    classes: str | None,
    spotting: str | None,
    vqa: Path | None,
    data: Path | None,
    kind: Kind | None,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Score the external predictions in each FILE.

    FILE is a table of predictions, a MEGC 2019 submission log, a confusion matrix, or, with
    --spotting, a table of spotted intervals. A log of MEGC 2020 holds the truth, too. With --vqa,
    FILE holds answers to questions.
    """
    from mertk.report import interval_page
    from mertk.spotting import interval_tables
    from mertk.storage.atomic_files import check_files

    if vqa is not None:
        if spotting or data or kind or out or classes:
            raise ParameterError("--vqa takes no other option but --json")
        _score_answers(vqa, files, as_json=as_json)
        return
    names = [name.strip() for name in classes.split(",")] if classes else []
    if out is not None:
        check_files(out, interval_page.FILES)
    logs = [interval_tables.is_challenge_log(file) for file in files]
    if spotting is not None or all(logs):
        scored = _score_spotting(ctx, spotting, data, files, names, kind)
        if out is not None:
            written = interval_page.write_interval_page(scored, out)
        _show_spotting(scored, as_json=as_json)
        if out is not None and not as_json:
            click.echo(f"page and tables: {', '.join(map(str, written))}")
        return
    if data or kind or out:
        raise ParameterError("--data, --kind and --out are for --spotting TRUTH")
    from mertk.evaluation import external_predictions
    from mertk.report import external_scores

    read = [external_predictions.read_predictions(file, names) for file in files]
    rescored = list(map(external_scores.rescore_log, read))
    if as_json:
        _print_json(list(map(external_scores.to_json, rescored)))
        return
    for one in rescored:
        external_scores.print_rescored(one)


def _score_answers(truth: Path, files: Sequence[Path], *, as_json: bool) -> None:
    from mertk.datasets.vqa_questions import read_questions
    from mertk.evaluation.vqa_scores import score_answers
    from mertk.report import vqa_scores

    questions = read_questions(truth)
    told = []
    for file, name in zip(files, _name_files(files), strict=True):
        found, notes = score_answers(questions, read_questions(file), name)
        told.append(vqa_scores.scores_to_json(found, notes))
        if not as_json:
            vqa_scores.print_answer_scores(found, notes)
    if as_json:
        _print_json(told)


def _score_spotting(
    ctx: click.Context,
    truth: str | None,
    data: Path | None,
    files: Sequence[Path],
    classes: list[str],
    kind: Kind | None,
) -> list[ScoredIntervals]:
    """The scores of each file; of a log without another truth, of each data set in it."""
    from mertk.spotting import interval_tables
    from mertk.spotting.scored_intervals import score_intervals

    notes: list[str] = []
    sides: dict[str, tuple[list[Interval], list[Interval]]] = {}
    if truth is None:
        if data:
            raise ParameterError("--data is for the data set that --spotting names")
        for file, name in zip(files, _name_files(files), strict=True):
            for part, own in interval_tables.read_challenge_log(file).items():
                sides[f"{name}, {part}" if part else name] = own
    else:
        truths, notes = _read_truth(ctx, truth, data)
        for file, name in zip(files, _name_files(files), strict=True):
            sides[name] = truths, interval_tables.read_intervals(file)
    found = []
    for name, (true, spotted) in sides.items():
        one = score_intervals(true, spotted, classes, kind=kind, name=name, notes=notes)
        found.append(one)
    return found


def _name_files(files: Sequence[Path]) -> list[str]:
    """The names of files, or their paths where two have the same name."""
    names = [file.name for file in files]
    return names if len(set(names)) == len(names) else list(map(str, files))


def _read_truth(
    ctx: click.Context, truth: str, data: Path | None
) -> tuple[list[Interval], list[str]]:
    from mertk.report.literature import list_published_spotting
    from mertk.spotting import dataset_truth, interval_tables

    registry = load_and_report_plugins(ctx).registry
    if truth.partition(":")[0] in registry.names("dataset"):
        truths, notes = dataset_truth.read_dataset_truth(registry, truth, data)
        return truths, [*notes, *list_published_spotting(truth.partition(":")[0])]
    if data:
        raise ParameterError(f"--data is for a data set, and '{truth}' is none")
    return interval_tables.read_intervals(Path(truth)), []


def _show_spotting(scored: Sequence[ScoredIntervals], *, as_json: bool) -> None:
    from mertk.report import interval_scores

    if as_json:
        _print_json(list(map(interval_scores.scores_to_json, scored)))
        return
    for one in scored:
        interval_scores.print_scores(one)
    interval_scores.print_comparison(scored)


def _print_json(found: list[Any]) -> None:
    """One file as an object, several as a list."""
    click.echo(json.dumps(found[0] if len(found) == 1 else found, indent=1))
