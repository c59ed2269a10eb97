"""`mertk vqa`: questions about micro-expressions, and answers from models."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from mertk.cli import load_and_report_plugins
from mertk.cli._completion import complete
from mertk.cli._options import FiniteRange, record_options
from mertk.core.errors import ParameterError
from mertk.core.printing import count_noun
from mertk.experiment.study import Study


@click.group("vqa")
def command() -> None:
    """Make questions about micro-expressions (ME-VQA, ME-LVQA) and answer them from predictions."""


@command.command("questions")
@click.argument("dataset", shell_complete=complete("dataset"))
@record_options(Study, "data")
@click.option("--long", is_flag=True, help="Ask about long videos (ME-LVQA), not about clips.")
@click.option(
    "--neutral",
    is_flag=True,
    help="Ask of every clip the same, so that the questions tell nothing about the answers.",
)
@click.option(
    "--without-answers", is_flag=True, help="Leave the answers empty, as in a challenge's test set."
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The .jsonl file to write."
)
@click.pass_context
def questions(
    ctx: click.Context,
    dataset: str,
    data: Any,
    out: Path,
    *,
    long: bool,
    neutral: bool,
    without_answers: bool,
) -> None:
    """Write questions and answers from the annotations of DATASET (NAME[:KEY=VALUE,…])."""
    from mertk.datasets import vqa_questions
    from mertk.storage.atomic_files import check_file, write_file

    if long and neutral:
        raise ParameterError("--neutral is for clips: questions on long videos are equal for all")
    check_file(out)
    study = Study(dataset=dataset, data=data).open(plugins=load_and_report_plugins(ctx))
    if long:
        found = vqa_questions.make_video_questions(study.clips)
    else:
        found = vqa_questions.make_clip_questions(study.clips, neutral=neutral)
    if not found:
        raise ParameterError(f"{dataset} has no annotation that can be asked for")
    if without_answers:
        found = [replace(one, answer="") for one in found]
    write_file(out, vqa_questions.format_questions(found))
    videos = len({one.video for one in found})
    click.echo(f"{count_noun(len(found), 'question')} on {count_noun(videos, 'video')}: {out}")


@command.command("answer")
@click.argument("asked", metavar="QUESTIONS", type=click.Path(path_type=Path))
@click.option(
    "--emotions",
    type=click.Path(path_type=Path),
    help="Run folder of `mertk bench`, or table with the columns clip and predicted: emotions.",
)
@click.option(
    "--aus",
    type=click.Path(path_type=Path),
    help="The same of a model for action units: its classes are such as AU4+AU7.",
)
@click.option(
    "--spots",
    type=click.Path(path_type=Path),
    help="Table of spotted intervals, as `mertk spot` writes it, for questions on long videos. "
    "Action units are counted where its model predicts classes such as AU4+AU7.",
)
@click.option(
    "--fps", type=FiniteRange(0.1), help="Frames per second, for spotted intervals without a type."
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The .jsonl file to write."
)
@click.pass_context
def answer(
    ctx: click.Context,
    asked: Path,
    emotions: Path | None,
    aus: Path | None,
    spots: Path | None,
    fps: float | None,
    out: Path,
) -> None:
    """Answer QUESTIONS from predictions of models and from spotted intervals."""
    from mertk.datasets.vqa_questions import format_questions, read_questions
    from mertk.spotting import vqa_answers
    from mertk.storage.atomic_files import check_file, write_file

    if not (emotions or aus or spots):
        raise ParameterError("give at least one of --emotions, --aus and --spots")
    check_file(out)
    plugins = load_and_report_plugins(ctx)
    read = vqa_answers.read_class_predictions
    found = vqa_answers.fill_answers(
        read_questions(asked),
        vqa_answers.Predictions(
            emotions=read(emotions, plugins) if emotions else {},
            units=vqa_answers.parse_units(read(aus, plugins)) if aus else {},
            events=vqa_answers.read_events(spots, fps) if spots else {},
        ),
    )
    write_file(out, format_questions(found))
    filled = sum(bool(one.answer) for one in found)
    click.echo(f"{count_noun(len(found), 'question')}, of which {filled} answered: {out}")


for _one in command.commands.values():  # or click cuts the sentence off in the list of commands
    _one.short_help = (_one.help or "").partition("\n")[0]
