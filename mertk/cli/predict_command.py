"""`mertk predict`."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mertk.cli import load

if TYPE_CHECKING:
    from mertk.harness.saved import Saved

WARNING = (
    "Not for decisions about people: a classifier's guess from a few frames, by a model that was "
    "trained on {clips} clips of {subjects} subjects of {sets}. How often it is right on people it "
    "has not seen is what `mertk bench` measures."
)


@click.command("predict")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("videos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--onset",
    type=click.IntRange(0),
    help="First frame of the expression, from 0. Default: the first.",
)
@click.option("--apex", type=click.IntRange(0), help="Its strongest frame. Default: the middle.")
@click.option("--offset", type=click.IntRange(0), help="Its last frame. Default: the last.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="A CSV file. Default: standard output."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    model: Path,
    videos: tuple[Path, ...],
    onset: int | None,
    apex: int | None,
    offset: int | None,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Ask a trained model about one expression in each video.

    MODEL is a folder that `mertk train` wrote. A video that cannot be read, or shows no face, is
    told on standard error, and the others are answered; the exit code is then 1.
    """
    from mertk.cli.progress import Bar
    from mertk.errors import MertkError
    from mertk.files import write_text
    from mertk.harness.saved import Saved

    saved = Saved.load(model, load(ctx))
    rows, failed = [], []
    with Bar() as bar:
        bar.stage("videos", len(videos))
        for video in videos:
            try:
                rows.append(_asked(saved, video, onset, apex, offset))
            except MertkError as error:
                text = str(error)
                failed.append(text if text.startswith(str(video)) else f"{video}: {text}")
            bar.step(video.name)
    for line in failed:
        click.echo(f"Error: {line}", err=True)
    sets = ", ".join(dataset["name"] for dataset in saved.about["identity"]["datasets"])
    warning = WARNING.format(
        clips=saved.about["clips"], subjects=saved.about["subjects"], sets=sets
    )
    if as_json:
        click.echo(json.dumps({"model": saved.name, "warning": warning, "videos": rows}, indent=1))
    else:
        text = _table(rows)
        if out:
            write_text(out, text)
        else:
            click.echo(text, nl=False)
        click.echo(warning, err=True)
    sys.exit(1 if failed else 0)


def _asked(
    saved: Saved, video: Path, onset: int | None, apex: int | None, offset: int | None
) -> dict[str, Any]:
    """The probabilities of one video's expression, as a row of the table."""
    from mertk.clips import Footage
    from mertk.data import videos

    facts = videos.probe(video)
    first, last = onset or 0, facts.count - 1 if offset is None else offset
    footage = Footage(
        frames=videos.of_video(video, 0, facts.count), onset=first, offset=last, apex=apex,
        fps=facts.fps or 25.0,
    )  # fmt: skip
    footage.frames[last]  # a file that was cut off says so, also where nobody looks at its end
    found = saved.predict(footage)
    return {
        "video": str(video),
        "onset": first,
        "apex": apex,
        "offset": last,
        "predicted": saved.classes[int(found.argmax())],
        **{f"p_{name}": round(float(p), 6) for name, p in zip(saved.classes, found, strict=True)},
    }


def _table(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()
