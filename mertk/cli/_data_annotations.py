"""`mertk data annotate`, `mertk data changes` and `mertk data agree`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mertk.cli._options import FiniteRange
from mertk.core.errors import DataError
from mertk.core.printing import count_noun

if TYPE_CHECKING:
    from mertk.datasets.elan import Annotation
    from mertk.evaluation.coder_agreement import Agreement, LabelAgreement
    from mertk.export.annotation_files import Form

_RATE = click.option(
    "--fps", type=FiniteRange(0.1), help="Frames per second, where the files do not say it."
)


@click.command("annotate")
@click.argument("spots", type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The folder to write to."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["elan", "csv"]),
    default="elan",
    show_default=True,
    help="One ELAN file per video, or one table.",
)
@click.option(
    "--videos",
    type=click.Path(path_type=Path),
    help="Folder of the videos: VIDEO.mp4 (or another ending), a folder VIDEO, or the same in a "
    "folder with the subject's name.",
)
@_RATE
@click.option(
    "--first",
    default=0,
    show_default=True,
    type=int,
    help="Number of the first frame of a video in SPOTS.",
)
def annotate(
    spots: Path, out: Path, form: Form, videos: Path | None, fps: float | None, first: int
) -> None:
    """Write intervals as files that a person corrects.

    SPOTS is a table with the columns video, onset and offset, such as `mertk spot` writes; subject,
    apex, type, emotion, au, path and fps are optional. The data set `folder` reads the corrected
    files, and `mertk data changes` lists what was changed.
    """
    from mertk.datasets.interval_annotations import BEFORE, read_annotations
    from mertk.export.annotation_files import make_annotation_files
    from mertk.storage.atomic_files import check_files, write_files

    check_files(out, [BEFORE, "index.csv"] if form == "csv" else [BEFORE])
    found = []
    for number, one in enumerate(read_annotations(spots, fps), 1):
        path = one.path or ("" if videos is None else _find_video(videos, out, one))
        clip, rate = one.clip or f"{one.video}_{number}", fps or one.fps
        found.append(replace(one, path=path, clip=clip, fps=rate))
    texts = make_annotation_files(found, form, lambda _one: first)
    write_files(out, texts)
    click.echo(
        f"{count_noun(len(found), 'interval')}: "
        f"{', '.join(list(texts)[:5])}{' …' * (len(texts) > 5)}"
    )
    if not all(one.path for one in found):
        click.echo("Paths of the videos are not known: give --videos, or fill the column path.")
    click.echo(f"After the correction: mertk data changes {out / BEFORE} {out}")


def _find_video(videos: Path, out: Path, one: Annotation) -> str:
    """The path of a video, relative to the folder that is written."""
    for folder in (videos, videos / one.subject):
        exact = folder / one.video
        if exact.exists():
            return Path(os.path.relpath(exact, out)).as_posix()
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.stem == one.video and path.is_file():
                return Path(os.path.relpath(path, out)).as_posix()
    raise DataError(f"{videos}: no video '{one.video}' of subject '{one.subject}' in it")


@click.command("changes")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@_RATE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def changes(before: Path, after: Path, fps: float | None, *, as_json: bool) -> None:
    """List what a person changed in annotated intervals.

    BEFORE and AFTER are tables (CSV), ELAN files (.eaf), or folders of ELAN files. A folder that
    holds index.csv is that table.
    """
    from mertk.core.printing import text_console
    from mertk.datasets import interval_annotations as annotations
    from mertk.report.tables import make_table

    sides = [annotations.read_annotations(_choose_table(path), fps) for path in (before, after)]
    found = annotations.list_changes(*sides)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=1))
        return
    if not found:
        click.echo(f"No change: {count_noun(len(sides[0]), 'interval')}.")
        return
    head = ("coder", "subject", "video", "interval", "change", "field", "before", "after")
    table = make_table("", head, texts=len(head))
    for one in found:
        span = f"{one.onset}–{one.offset}"
        what = (one.change, one.field, one.before, one.after)
        table.add_row(one.coder, one.subject, one.video, span, *what)
    console = text_console()
    console.print(table)
    console.print(annotations.summarise_changes(found))


def _choose_table(path: Path) -> Path:
    table = path / "index.csv"
    return table if table.is_file() else path


@click.command("agree")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option(
    "--iou",
    default=0.5,
    show_default=True,
    type=FiniteRange(0, 1),
    help="Least overlap (IoU) of two intervals that are the same expression.",
)
@click.option(
    "--within",
    default="1,3,5",
    show_default=True,
    metavar="N,N,…",
    help="Numbers of frames: the share of pairs that differ by so many at most is printed.",
)
@_RATE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def agree(
    first: Path, second: Path, iou: float, within: str, fps: float | None, *, as_json: bool
) -> None:
    """Compute the agreement of two coders of the same videos.

    FIRST and SECOND are tables (CSV), ELAN files (.eaf), or folders of them, as for `mertk data
    changes`. Cohen's kappa of emotions and action units is computed over the intervals that both
    coders found.
    """
    from mertk.datasets.interval_annotations import read_annotations
    from mertk.evaluation.coder_agreement import compute_agreement

    sides = [read_annotations(_choose_table(path), fps) for path in (first, second)]
    found = compute_agreement(*sides, least=iou, within=_parse_numbers(within))
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1))
    else:
        _print_agreement(found)


def _parse_numbers(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise click.BadParameter(f"'{text}' is not a list of whole numbers such as 1,3,5")
    return list(map(int, parts))


def _print_agreement(found: Agreement) -> None:
    from mertk.core.printing import text_console
    from mertk.report.tables import make_table

    console = text_console()
    alone = (
        f"{len(found.only_first)} only in the first, {len(found.only_second)} only in the second"
    )
    console.print(
        f"{count_noun(found.pairs, 'interval')} of both coders (IoU ≥ {found.least:g}), {alone}"
    )
    numbers = list(found.frames[0].within)
    head = ["key frame", "pairs", "median", "median size", *(f"within {n}" for n in numbers)]
    table = make_table("second − first coder, in frames", head)
    for one in found.frames:
        shares = [f"{one.within[number]:.0%}" if one.pairs else "–" for number in numbers]
        medians = [_format_value(value, "g") for value in (one.median, one.median_absolute)]
        table.add_row(one.key_frame, str(one.pairs), *medians, *shares)
    console.print(table)
    head = ["label", "pairs", "first", "second", "same", "kappa"]
    table = make_table("Cohen's kappa over intervals of both coders", head)
    for label in (found.emotion, *found.emotions, *found.units):
        table.add_row(*_format_label(label))
    console.print(table)


def _format_label(one: LabelAgreement) -> list[str]:
    counts = map(str, (one.pairs, one.first, one.second))
    same = f"{one.observed:.0%}" if one.pairs else "–"
    return [one.label, *counts, same, _format_value(one.kappa, ".3f")]


def _format_value(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
