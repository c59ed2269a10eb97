"""Answers to questions about micro-expressions, from predictions and spotted intervals."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from mertk.core.errors import DataError
from mertk.datasets.record import canonical_emotion
from mertk.datasets.spreadsheets import find_columns, read_cells, table_of
from mertk.datasets.vqa_questions import (
    COARSE,
    COARSE_OF,
    FINE,
    Question,
    answer_events,
    describe_expression,
    find_unit,
    name_unit,
)
from mertk.plugins.loader import Plugins
from mertk.spotting.interval import Interval
from mertk.spotting.interval_tables import read_intervals
from mertk.spotting.recordings import kind_of

_NAMES = {
    "clip": ("clip", "uid", "video", "videoid", "filename"),
    "predicted": ("predicted", "prediction", "label", "emotion"),
}
T = TypeVar("T")

_UNITS = re.compile(r"none|((au)?\s*\d+)(\s*\+\s*(au)?\s*\d+)*")

_FINE_OF = {"positive": "happiness", "surprise": "surprise"}


@dataclass(frozen=True, slots=True)
class Predictions:
    """What is predicted, by clip: an emotion, and action units; by long video, its events.

    Events are the types of the spotted intervals, and how many action units were seen in all of
    them (None: not known).
    """

    emotions: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    events: Mapping[str, tuple[Sequence[str], int | None]] = field(default_factory=dict)


def read_class_predictions(path: Path, plugins: Plugins | None = None) -> dict[str, str]:
    """Clip → predicted class, from a run folder of `mertk bench` or from a table.

    A run holds what is predicted for clips of held-out subjects; of several seeds the commonest
    class counts. A table (CSV) has a column clip or video, and one predicted, as that of
    `mertk predict`. Raises `DataError` where several models or videos are mixed.
    """
    if path.is_dir():
        return _read_run(path, plugins)
    table = table_of(path, "", read_cells(path), 0)
    columns = find_columns(table, _NAMES, ("clip", "predicted"))
    found: dict[str, str] = {}
    for row in table.rows:
        clip = row[columns["clip"]]
        if found.setdefault(clip, row[columns["predicted"]]) != row[columns["predicted"]]:
            place = table.place(row, columns["predicted"])
            raise DataError(f"{place}: '{clip}' has another prediction in a row before")
    return found


def _read_run(path: Path, plugins: Plugins | None) -> dict[str, str]:
    from mertk.evaluation.results import Results

    results = Results.load(path, plugins=plugins)
    if not results.models:
        raise DataError(f"{path}: holds floors alone; give the folder of a model's run")
    table = results.predictions()
    table = table[table["model"] == results.models[0].name]
    if len({one.name for one in results.models}) > 1:
        names = ", ".join(sorted({one.name for one in results.models}))
        raise DataError(
            f"{path}: holds runs of several models: {names}; give the folder of one run"
        )
    votes: dict[str, Counter[str]] = {}
    for clip, predicted in zip(table["clip"], table["predicted"], strict=True):
        votes.setdefault(str(clip), Counter())[str(predicted)] += 1
    return {clip: counts.most_common(1)[0][0] for clip, counts in votes.items()}


def parse_units(predicted: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    """Clip → action units, from classes such as `AU4+AU7`, `4+7` or `none`."""
    found = {}
    for clip, text in predicted.items():
        if not _UNITS.fullmatch(text.strip().lower()):
            raise DataError(
                f"'{text}' of {clip} are no action units such as AU4+AU7, and not 'none'"
            )
        found[clip] = tuple(sorted(map(int, re.findall(r"\d+", text))))
    return found


def read_events(path: Path, fps: float | None) -> dict[str, tuple[list[str], int | None]]:
    """Video → types of its spotted intervals in order, and the number of action units.

    The table is one that `mertk spot` writes; with a model for action units its classes are such as
    AU4+AU7. An interval without a type is micro or macro by its duration at `fps` Hz. Raises
    `DataError` where that is not known.
    """
    videos: dict[str, list[Interval]] = {}
    for one in read_intervals(path):
        videos.setdefault(f"{one.subject}/{one.video}", []).append(one)
    found = {}
    for video, intervals in videos.items():
        types = []
        for one in sorted(intervals):
            if not one.kind and not fps:
                raise DataError(f"{path}: intervals without a type need --fps")
            length = one.offset - one.onset + 1
            types.append(one.kind or kind_of(length / (fps or 1)))
        classes = {one.emotion for one in intervals}
        units = None
        if all(map(_UNITS.fullmatch, classes)):
            units = len(set(re.findall(r"\d+", " ".join(classes))))
        found[video.removeprefix("/")] = types, units
    return found


def fill_answers(questions: Sequence[Question], predictions: Predictions) -> list[Question]:
    """The questions with the answers that the predictions give; empty where they give none.

    Nothing predicts the side of an action unit. A class `negative` answers coarse questions alone.
    Raises `DataError` where no prediction is of a video that is asked about.
    """
    found = [replace(one, answer=_answer(one, predictions)) for one in questions]
    if not any(one.answer for one in found):
        known = [*predictions.emotions, *predictions.units, *predictions.events][:1]
        given = f" (predicted: {known[0]}; asked: {questions[0].video})" if known else ""
        raise DataError(f"no prediction is of a video that is asked about{given}")
    return found


def _answer(one: Question, predictions: Predictions) -> str:
    if one.kind in ("count", "type") and predictions.events:
        types, count = _find(predictions.events, one.video) or ((), 0)
        return answer_events(types, count).get(one.question, "")
    emotion = canonical_emotion(_find(predictions.emotions, one.video) or "")
    units = _find(predictions.units, one.video)
    answers = {
        "coarse": emotion if emotion in COARSE else COARSE_OF.get(emotion, ""),
        "fine": emotion if emotion in FINE else _FINE_OF.get(emotion, ""),
    }
    if units is not None:
        answers["shown"] = "yes" if find_unit(one.question) in units else "no"
        answers["units"] = ", ".join(map(name_unit, units))
    if emotion:
        answers["free"] = describe_expression(_FINE_OF.get(emotion, emotion), units or ())
    return answers.get(one.kind, "")


def _find(known: Mapping[str, T], video: str) -> T | None:
    """What is known of a video, by its whole name, or by the end of one of both names."""
    if video in known:
        return known[video]
    for name, value in known.items():
        if video.endswith(f"/{name}") or name.endswith(f"/{video}") or Path(name).stem == video:
            return value
    return None
