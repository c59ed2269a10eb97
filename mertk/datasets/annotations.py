"""A row of an annotation file becomes a record: repairs, frame numbers, AUs, emotion; no pictures.

What a reader hands over is text as the file has it. What is wrong with a row is kept in its
record, so that a data set can be checked as a whole before anything is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mertk.core.errors import DataError
from mertk.datasets import action_units
from mertk.datasets.corrections import (
    Level,
    Repair,
    apply_repairs,
    identity_onset,
    list_repair_keys,
)
from mertk.datasets.record import Record, Status, canonical_emotion
from mertk.datasets.spreadsheets import parse_integer

NO_FRAME = frozenset({"", "/", "?", "-", "nan", "null", "none"})
"""What stands in a cell of frame numbers where there is none."""

_TIMES = ("onset", "apex", "offset")
_LARGEST = 10**12  # cells with typing errors hold numbers that no list can be as long as


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What all rows of one reading have in common.

    `repairs` is the data set's table (`mertk.datasets.corrections.read_repairs`) and `level` says
    which rows of it are applied. Texts in `no_frame` (lower case) stand for a missing number,
    all others are read by `number`. `tolerance` is how many frames an onset, apex or offset may be
    moved to a frame that is on disk, and how many may be missing in a row, in sets that are known
    to have dropped frames; with `keep_gaps` any number may. `unremarkable` are quirks that no clip
    is marked with, as `apex_missing` in a set that annotates no apexes.
    """

    dataset: str
    root: Path
    repairs: Mapping[str, tuple[Repair, ...]] = field(default_factory=dict)
    level: Level = "recommended"
    no_frame: frozenset[str] = NO_FRAME
    number: Callable[[str], int] = parse_integer
    tolerance: int = 0
    keep_gaps: bool = False
    unremarkable: frozenset[str] = frozenset()

    def rows(self, subject: str, clip: str, onset: str, apex: str) -> tuple[Repair, ...]:
        """The repairs of a clip, by its folder and its published onset and apex."""
        names = list_repair_keys(subject, clip, onset, apex)
        return tuple(row for name in names for row in self.repairs.get(name, ()))


@dataclass(frozen=True, slots=True)
class Timing:
    """Frame numbers, inclusive, and how they came; `wrong` says why onset or offset is None."""

    onset: int | None
    apex: int | None
    offset: int | None
    statuses: tuple[Status, Status, Status] = ("given", "given", "given")
    quirks: tuple[str, ...] = ()
    wrong: str = ""

    def to_fields(self) -> dict[str, Any]:
        """The fields of a record that hold them."""
        onset, apex, offset = self.statuses
        return {
            "onset": self.onset,
            "apex": self.apex,
            "offset": self.offset,
            "onset_status": onset,
            "apex_status": apex,
            "offset_status": offset,
        }


def mark_corrected(
    published: Sequence[str], final: Sequence[str], statuses: tuple[Status, Status, Status]
) -> tuple[Status, Status, Status]:
    """The statuses of onset, apex and offset, `corrected` where a given value was changed."""
    onset, apex, offset = (
        "corrected" if new != old and status == "given" else status
        for old, new, status in zip(published, final, statuses, strict=True)
    )
    return onset, apex, offset


def read_timing(source: Source, texts: tuple[str, str, str]) -> Timing:
    """Onset, apex and offset from their texts; an apex that cannot be is left out."""
    onset, apex, offset = texts
    try:
        start = _parse_frame_number(source, onset)
        end = None if offset.lower() in source.no_frame else _parse_frame_number(source, offset)
        peak = None if apex.lower() in source.no_frame else _parse_frame_number(source, apex)
    except ValueError:
        wrong = f"onset '{onset}', apex '{apex}', offset '{offset}' are not frame numbers"
        return Timing(None, None, None, ("invalid", "invalid", "invalid"), (), wrong)
    if end is None:
        wrong = f"no offset is annotated (offset '{offset}')"
        statuses: tuple[Status, Status, Status] = ("given", "given", "missing")
        if peak is None:
            statuses = ("given", "missing", "missing")
        return Timing(start, peak, None, statuses, ("offset_missing",), wrong)
    if start > end:
        wrong = f"onset {start} lies after offset {end}"
        return Timing(start, None, None, ("given", "invalid", "invalid"), (), wrong)
    if peak is None:
        return Timing(start, None, end, ("given", "missing", "given"), ("apex_missing",))
    if not start <= peak <= end:
        return Timing(start, None, end, ("given", "invalid", "given"), ("apex_outside",))
    return Timing(start, peak, end)


def _parse_frame_number(source: Source, text: str) -> int:
    number = source.number(text)
    if abs(number) > _LARGEST:
        raise ValueError(f"{number} is no frame number")
    return number


def make_record(
    source: Source,
    *,
    place: str,
    subject: str,
    subject_native: str,
    clip: str,
    onset: str,
    apex: str,
    offset: str,
    fps: float,
    emotion: str = "",
    au: str = "",
    objective: int | None = None,
    objective_source: str = "",
    uid_tail: str = "",
    quirks: tuple[str, ...] = (),
    **known: Any,
) -> Record:
    """The record of one row, after repair, bound to no frames yet.

    `place` says where the row stands, for messages. `onset`, `apex`, `offset`, `emotion` and `au`
    are as published; `known` are further fields of `Record` (`label` is the emotion unless given).
    The id is `dataset/subject/clip/onset`, and `uid_tail` behind it where that is not unique.
    """
    rows = source.rows(subject, clip, onset, apex)
    texts = (onset, apex, offset)
    published = dict(zip(_TIMES, texts, strict=True)) | {"emotion": emotion, "au": au, "clip": clip}
    values, met = apply_repairs(rows, published, source.level)
    final = (values["onset"], values["apex"], values["offset"])
    timing = read_timing(source, final)
    statuses = mark_corrected(texts, final, timing.statuses)
    codes, code_quirks = _parse_codes(values["au"])
    number, origin = _choose_objective_class(objective, objective_source, codes)
    word = canonical_emotion(values["emotion"])
    tail = f"/{uid_tail}" if uid_tail else ""
    found = dict.fromkeys((*quirks, *met, *timing.quirks, *code_quirks))
    whole: dict[str, Any] = {
        "uid": f"{source.dataset}/{subject}/{clip}/{identity_onset(rows, onset)}{tail}",
        "dataset": source.dataset,
        "source": place,
        "subject": subject,
        "subject_native": subject_native,
        "clip": clip,
        "label": word,
        **replace(timing, statuses=statuses).to_fields(),
        "onset_raw": onset,
        "apex_raw": apex,
        "offset_raw": offset,
        "fps": fps,
        "emotion_raw": emotion,
        "emotion": word,
        "au_raw": au,
        "aus": codes or (),
        "au_set": action_units.plain_aus(codes or ()),
        "au_known": codes is not None,
        "objective_class": number,
        "objective_class_source": origin,
        "quirks": tuple(quirk for quirk in found if quirk not in source.unremarkable),
        "notes": (timing.wrong,) if timing.wrong else (),
    }
    return Record(**{**whole, **known})


def _parse_codes(coding: str) -> tuple[tuple[action_units.AU, ...] | None, tuple[str, ...]]:
    try:
        found = action_units.parse_aus(coding)
    except DataError:  # recognition of emotions needs no AUs: the clip is marked and kept
        return None, ("au_unreadable",)
    return found, () if found is not None else ("au_unknown",)


def _choose_objective_class(
    column: int | None, name: str, codes: tuple[action_units.AU, ...] | None
) -> tuple[int | None, str]:
    """The published objective class, else the rule's, and where it comes from."""
    if column is not None:
        return column, name
    return (None, "") if codes is None else (action_units.objective_class(codes), "rule")
