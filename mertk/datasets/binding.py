"""A record and a folder of frames make a clip, or say why they do not."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mertk.core.clips import Clip, Footage, Frames, Pixels
from mertk.core.errors import DataError
from mertk.core.printing import count_noun
from mertk.datasets.annotations import Source, Timing, mark_corrected, read_timing
from mertk.datasets.corrections import other_frames
from mertk.datasets.media import frames
from mertk.datasets.record import Record

Listing = Callable[[Path], dict[int, Path]]
"""Gives the pictures of a folder by frame number, as `media.frames.number_pictures` does."""


INCOMPLETE = "incomplete"
"""The quirk of a clip that is used without all of its frames."""


def make_frameless_clip(record: Record, why: str) -> Clip:
    """A clip of annotations alone: it can be counted and labelled, but reading a frame fails."""
    length = record.duration_frames or 1
    apex = None
    if record.onset is not None and record.apex is not None and record.offset is not None:
        apex = record.apex - record.onset
    footage = Footage(
        frames=Frames(_Absent(record.uid, why), length),
        onset=0,
        apex=apex,
        offset=length - 1,
        fps=record.fps,
    )
    return _make_clip(record, footage, "", [])


def make_listed_clip(uid: str, person: str, label: str, why: str) -> Clip:
    """A clip of which a list knows no more than its id, its person and its label."""
    dataset, _, subject = person.partition("/")
    known: dict[str, Any] = {"dataset": dataset, "subject": subject, "subject_native": subject}
    known |= dict.fromkeys(("onset", "apex", "offset"))
    name = uid.removeprefix(f"{person}/")
    return make_frameless_clip(Record(uid=uid, clip=name, label=label, fps=1, **known), why)


@dataclass(frozen=True, slots=True)
class _Absent:
    """Stands in for frames that are not there."""

    uid: str
    why: str

    def __call__(self, at: int) -> Pixels:
        raise DataError(f"{self.uid} has no frame {at}: {self.why}")


def bind_record(source: Source, record: Record, folder: Path, kind: str, listed: Listing) -> Clip:
    """The clip of a record, cut to onset … offset; raises `DataError` saying why there is none."""
    files = listed(folder)
    timing = _choose_timing(source, record, files)
    if timing.onset is None or timing.offset is None:
        raise DataError(record.notes[0])
    inside = [number for number in files if timing.onset <= number <= timing.offset]
    held = (
        f"{count_noun(len(files), 'frame')}, {min(files)} … {max(files)}" if files else "no frames"
    )
    held = f"{folder}, which holds {held}"
    if len(files) == timing.offset - timing.onset + 1 and min(files) < min(2, timing.onset):
        held += "; they seem to be numbered anew in this folder: restore the published names"
    onset, onset_quirk = _find_nearest(timing.onset, inside, source.tolerance, "onset", held)
    apex, apex_quirk = _find_nearest(timing.apex, inside, source.tolerance, "apex", held)
    offset, offset_quirk = _find_nearest(timing.offset, inside, source.tolerance, "offset", held)
    if onset is not None and offset is not None:
        inside = inside[inside.index(onset) : inside.index(offset) + 1]
    gap = _check_gaps(source, inside, held)
    used = [files[number] for number in inside]
    footage = Footage(
        frames=frames.of_files(used),
        onset=0,
        apex=None if apex is None else inside.index(apex),
        offset=len(inside) - 1,
        fps=record.fps,
    )
    frames_dir = folder.relative_to(source.root).as_posix()
    # Clips of two folders may have files of one name, size and time.
    facts = (record.uid, frames_dir, timing.onset, timing.apex, timing.offset, record.fps)
    quirks = (*timing.quirks, *onset_quirk, *apex_quirk, *offset_quirk, *gap)
    about: dict[str, Any] = {
        "frames_dir": frames_dir,
        "root_kind": kind,
        "quirks": tuple(dict.fromkeys((*record.quirks, *quirks))),
    }
    bound = _set_final_timing(replace(record, **about), timing, files)
    return _make_clip(bound, footage, frames.hash_files(used, *facts), used)


def _make_clip(record: Record, footage: Footage, fingerprint: str, files: Sequence[Path]) -> Clip:
    return Clip(
        dataset=record.dataset,
        subject=record.subject,
        name=record.uid.split("/", 2)[2],
        footage=footage,
        fingerprint=fingerprint,
        record=record.to_dict(),
        files=tuple(files),
    )


def _find_nearest(
    wanted: int | None, inside: Sequence[int], tolerance: int, name: str, folder: str
) -> tuple[int | None, tuple[str, ...]]:
    """The wanted frame number, or the nearest one within the tolerance and its quirk.

    Raises `DataError` where there is none; `folder` says which frames it holds.
    """
    if wanted is None or wanted in inside:
        return wanted, ()
    nearest = min(inside, key=lambda number: abs(number - wanted), default=None)
    if nearest is None or abs(nearest - wanted) > tolerance:
        raise DataError(f"{name} frame {wanted} is not in {folder}")
    return nearest, (f"{name}_file_missing",)


def _check_gaps(source: Source, inside: Sequence[int], folder: str) -> tuple[str, ...]:
    """The quirk of a clip that lacks more frames in a row than are known to be lost, if it is kept.

    Raises `DataError` where it is not.
    """
    for one, following in itertools.pairwise(inside):
        if following - one - 1 > source.tolerance:
            if source.keep_gaps:
                return (INCOMPLETE,)
            lost = inside[-1] - inside[0] + 1 - len(inside)
            raise DataError(
                f"frames between onset and offset are missing: {lost}, the first is {one + 1}, in "
                f"{folder}"
            )
    return ()


def _choose_timing(source: Source, record: Record, files: dict[int, Path]) -> Timing:
    """The annotated timing, or another edition's where only that one's frames are there.

    The other one counts only where the annotated onset or offset itself is missing: a gap in the
    middle is a lost file, not another edition.
    """
    statuses = (record.onset_status, record.apex_status, record.offset_status)
    timing = Timing(record.onset, record.apex, record.offset, statuses)
    if timing.onset in files and timing.offset in files:
        return timing
    texts = (record.onset_raw, record.apex_raw, record.offset_raw)
    rows = source.rows(record.subject, record.clip, record.onset_raw, record.apex_raw)
    for other, quirk in other_frames(rows, texts, source.level):
        found = read_timing(source, other)
        if found.onset is None or found.offset is None:
            continue
        if all(map(files.__contains__, range(found.onset, found.offset + 1))):
            statuses = mark_corrected(texts, other, found.statuses)
            return replace(found, statuses=statuses, quirks=(quirk, *found.quirks))
    return timing


def _set_final_timing(record: Record, timing: Timing, files: dict[int, Path]) -> Record:
    """The record with its final timing and what is on disk of it."""
    onset, offset = timing.onset or 0, timing.offset or 0
    lost = list(itertools.filterfalse(files.__contains__, range(onset, offset + 1)))
    changed: dict[str, Any] = {
        **timing.to_fields(),
        "n_files": len(files),
        "first_file": min(files),
        "last_file": max(files),
        "zero_pad": _count_digits(files[min(files)]),
        "n_missing": len(lost),
    }
    if lost:
        changed["quirks"] = tuple(dict.fromkeys((*record.quirks, "missing_frames")))
        changed["notes"] = (*record.notes, f"missing frames: {_format_numbers(lost)}")
    return replace(record, **changed)


def _count_digits(file: Path) -> int | None:
    """The number of digits of a zero-padded file number; None where it is not padded."""
    digits: str = re.findall(r"\d+", file.stem)[-1]
    return len(digits) if digits.startswith("0") and len(digits) > 1 else None


def _format_numbers(numbers: list[int]) -> str:
    most = 5
    more = f" … and {len(numbers) - most} more" if len(numbers) > most else ""
    return ", ".join(map(str, numbers[:most])) + more
