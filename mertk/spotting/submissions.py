"""Spotted intervals as the files that a challenge takes.

The organisers' pages were not seen. The columns are those of the organisers' STRS script
(genbing99/STRS-Metric) and, for spotting alone, of participants' published code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mertk.core.errors import DataError, UnknownNameError
from mertk.core.escaping import csv_text
from mertk.core.printing import count_noun
from mertk.datasets.vqa_questions import COARSE, COARSE_OF
from mertk.spotting.interval import Interval
from mertk.spotting.interval_tables import read_intervals
from mertk.spotting.recordings import TYPES

PARTS = ("cas", "samm")  # the unseen sets of MEGC: CAS(ME)^3 and the SAMM Challenge set

CHALLENGES = {
    "megc2023-spotting": ("vid", "pred_onset", "pred_offset", "type"),
    "megc2025-str": ("subject", "video", "onset", "offset", "emotion"),
}
"""The columns of a file by challenge."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The texts of the files by name, and sentences on what was changed or left out."""

    files: Mapping[str, str]
    notes: Sequence[str]


def make_submission(challenge: str, tables: Mapping[str, Path]) -> Submission:
    """The files of a challenge.

    Args:
        challenge: a name in `CHALLENGES`.
        tables: tables of spotted intervals by the part that they are of, in `PARTS`.

    Raises:
        UnknownNameError: the challenge is not known.
        DataError: a table cannot be submitted, and why.
    """
    if challenge not in CHALLENGES:
        raise UnknownNameError("challenge", challenge, CHALLENGES)
    if not tables:
        raise DataError("nothing to submit: give --cas FILE, --samm FILE, or both")
    files, notes = {}, []
    for part, path in tables.items():
        intervals = read_intervals(path)
        if challenge == "megc2025-str":
            micro = [one for one in intervals if one.kind != "macro"]
            if len(micro) < len(intervals):
                left_out = count_noun(len(intervals) - len(micro), "macro-expression")
                notes.append(f"{path}: {left_out} left out; this challenge is on micro-expressions")
            intervals = [_with_coarse_class(path, one) for one in micro]
        _check_intervals(path, intervals, challenge)
        files[f"{part}_pred.csv"] = csv_text(CHALLENGES[challenge], map(_make_row, intervals))
        if not intervals:
            notes.append(f"{path}: no interval; a file without rows scores 0")
    return Submission(files, notes)


def _with_coarse_class(path: Path, one: Interval) -> Interval:
    """The interval with one of the three classes of the challenge."""
    emotion = one.emotion if one.emotion in COARSE else COARSE_OF.get(one.emotion, "")
    if not emotion:
        missing = f"has the emotion '{one.emotion}'" if one.emotion else "has no emotion"
        raise DataError(
            f"{path}: the interval {one.video} {one.onset} … {one.offset} {missing}; the challenge "
            f"takes {', '.join(COARSE)}. Spot with a model that predicts them: mertk spot --model"
        )
    return replace(one, emotion=emotion)


def _check_intervals(path: Path, intervals: Sequence[Interval], challenge: str) -> None:
    """Raise `DataError` for frames below 0, a kind that is missing, and intervals that overlap."""
    last: dict[tuple[str, str, str], Interval] = {}
    for one in sorted(intervals, key=lambda one: (one.subject, one.video, one.onset)):
        where = f"{path}: the interval {one.video} {one.onset} … {one.offset}"
        if one.onset < 0:
            raise DataError(f"{where} begins before the video")
        if challenge == "megc2023-spotting" and not one.kind:
            raise DataError(f"{where} has no type; the challenge takes me or mae")
        before = last.get((one.subject, one.video, one.kind))
        if before and before.offset >= one.onset:
            raise DataError(
                f"{where} overlaps with {before.onset} … {before.offset}; join them or drop one"
            )
        last[one.subject, one.video, one.kind] = one


def _make_row(one: Interval) -> dict[str, object]:
    """The interval under the names of all challenges' columns."""
    return {
        "subject": one.subject or one.video,
        "video": one.video,
        "vid": one.video,
        "onset": one.onset,
        "pred_onset": one.onset,
        "offset": one.offset,
        "pred_offset": one.offset,
        "type": TYPES.get(one.kind, ""),
        "emotion": one.emotion,
    }
