"""Spot, then recognise: a trained model predicts the emotion of each spotted interval."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mertk.core.errors import ParameterError
from mertk.spotting.scored_intervals import ScoredIntervals, score_intervals
from mertk.spotting.video_prediction import Where, predict_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mertk.experiment.trained_model import TrainedModel
    from mertk.spotting.interval import Interval
    from mertk.spotting.recordings import Recording
    from mertk.spotting.search import Find, Searched

NOT_PREDICTED = "not predicted"  # the emotion of a spot that the model refused; it is a miss


def check_model(model: TrainedModel, dataset: str) -> None:
    """Raise `ParameterError` for a model that cannot honestly recognise in a data set."""
    if model.multilabel:
        raise ParameterError(f"{model.name} predicts several labels a clip; STRS needs one emotion")
    trained = [str(one["name"]) for one in model.about["identity"]["datasets"]]
    if dataset in trained:
        raise ParameterError(
            f"{model.name} was trained on {dataset}: what it predicts there are training clips. "
            "Train it on another data set"
        )


def recognise_finds(
    model: TrainedModel, finds: Sequence[Find], videos: Sequence[Recording]
) -> tuple[list[Find], int]:
    """The finds with the likeliest emotion each, and how many the model refused."""
    recordings = {(one.subject, one.video): one for one in videos}
    found, refused = [], 0
    for find in finds:
        video = recordings[find.interval.subject, find.interval.video]
        footage, where = video.footage, _locate_find(find, video)
        clip = replace(footage, onset=where.onset, apex=where.apex, offset=where.offset, flow=None)
        emotion = predict_interval(model, clip, where, 0.0).predicted.lower()
        refused += not emotion
        named = replace(find.interval, emotion=emotion or NOT_PREDICTED)
        found.append(replace(find, interval=named))
    return found, refused


def score_recognition(found: Searched, names: Sequence[str]) -> list[ScoredIntervals]:
    """The scores of each spotter, with STRS; empty where no model recognised emotions."""
    micro = [one for one in found.truths if one.kind == "micro"]
    known = bool(micro) and all(one.emotion for one in micro)
    notes = []
    if not found.classes:
        notes.append(
            f"No true micro-expression has a class of {found.model}: STRS is 0 for that alone."
        )
    scored = []
    for name, outcome in zip(names, found.outcomes if found.model else (), strict=False):
        refused = []
        if outcome.refused:
            refused.append(
                f"{found.model} could not predict some spots, which miss: {outcome.refused}."
            )
        one = score_intervals(
            found.truths,
            [find.interval for find in outcome.finds],
            found.classes if known else (),
            silent={video.video for video in found.videos},
            name=name,
            notes=[*notes, *refused],
        )
        scored.append(one)
    return scored


def list_scored_classes(model: TrainedModel, truths: Sequence[Interval]) -> list[str]:
    """The classes of the model that some true micro-expression has."""
    true = {one.emotion for one in truths if one.kind == "micro"}
    return [name.lower() for name in model.classes if name.lower() in true]


def _locate_find(find: Find, video: Recording) -> Where:
    numbers, fps = list(video.numbers), video.footage.fps
    ends = find.interval.onset, find.apex, find.interval.offset
    onset, apex, offset = map(numbers.index, ends)
    return Where(onset=onset, apex=apex, offset=offset, begins=onset / fps, ends=offset / fps)
