"""One annotated row of CASME II and one folder of frames make one clip."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import mertk
from mertk import data

if TYPE_CHECKING:
    from mertk_plugins.datasets._casme2_sheet import Annotation

FPS = 200.0

_Texts = tuple[str, str, str]  # onset, apex, offset as written

_NO_APEX = frozenset({"", "/", "?", "-", "nan", "null"})


@dataclass(frozen=True, slots=True)
class Source:
    """What all clips of one reading have in common."""

    root: Path
    edition: str
    kind: str
    repair: data.repairs.Level
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Timing:
    """Final frame numbers; `quirks` and `statuses` (onset, apex, offset) say how they came."""

    onset: int
    apex: int | None
    offset: int
    statuses: tuple[data.record.Status, data.record.Status, data.record.Status]
    quirks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A row, its folder, the frames in it by number, and what came out of both."""

    row: Annotation
    folder: Path
    files: dict[int, Path]
    emotion: str
    timing: Timing
    quirks: tuple[str, ...]

    @property
    def name(self) -> str:
        """The clip's name with the annotated onset: `EP02_01f/46`, the same in all trees."""
        return f"{self.row.clip}/{data.sheets.integer(self.row.onset)}"

    @property
    def lost(self) -> list[int]:
        """The frames between onset and offset that are not there."""
        expected = range(self.timing.onset, self.timing.offset + 1)
        return [number for number in expected if number not in self.files]


def bind(source: Source, row: Annotation, folder: Path) -> mertk.Clip:
    """The clip of a row, cut to onset … offset; raises `DataError` saying why there is none."""
    match = _match(row, folder, source.repair)
    timing = match.timing
    inside = [n for n in match.files if timing.onset <= n <= timing.offset]
    used = [match.files[n] for n in inside]
    footage = mertk.Footage(
        frames=data.frames.of_files(used),
        onset=0,
        apex=None if timing.apex is None else inside.index(timing.apex),
        offset=len(inside) - 1,
        fps=FPS,
    )
    return mertk.Clip(
        dataset="casme2",
        subject=row.subject,
        name=match.name,
        footage=footage,
        fingerprint=data.frames.fingerprint(used, timing.onset, timing.apex, timing.offset, FPS),
        record=_record(source, match).to_dict(),
    )


def _match(row: Annotation, folder: Path, repair: data.repairs.Level) -> Match:
    known = data.repairs.repairs("casme2").get(row.key, ())
    published = {"apex": row.apex, "emotion": row.emotion, "au": row.au, "clip": row.clip}
    values, quirks = data.repairs.repaired(known, published, repair)
    files = data.frames.numbered(folder)
    annotated = (row.onset, values["apex"], row.offset)
    timing = _on_disk(annotated, data.repairs.other_frames(known, annotated, repair), files)
    for name, number in (("onset", timing.onset), ("apex", timing.apex)):
        if number is not None and number not in files:
            held = f"{len(files)} frames, {min(files)} … {max(files)}" if files else "no frames"
            raise mertk.DataError(f"{name} frame {number} is not in {folder}, which holds {held}")
    return Match(row, folder, files, values["emotion"], timing, quirks)


def _on_disk(annotated: _Texts, others: list[tuple[_Texts, str]], files: dict[int, Path]) -> Timing:
    """The annotated timing, or another edition's where only that one's frames are there.

    The other one counts only where the annotated onset or offset itself is missing: a gap in the
    middle is a lost file, not another edition.
    """
    timing = _timing(annotated)
    if timing.onset in files and timing.offset in files:
        return timing
    for texts, quirk in others:
        other = _timing(texts)
        if all(number in files for number in range(other.onset, other.offset + 1)):
            onset, apex, offset = (
                "corrected" if new != old and status == "given" else status
                for new, old, status in zip(texts, annotated, other.statuses, strict=True)
            )
            return replace(other, statuses=(onset, apex, offset), quirks=(quirk, *other.quirks))
    return timing


def _timing(texts: _Texts) -> Timing:
    try:
        onset, offset = data.sheets.integer(texts[0]), data.sheets.integer(texts[2])
        apex = None if texts[1].lower() in _NO_APEX else data.sheets.integer(texts[1])
    except ValueError:
        raise mertk.DataError(
            f"onset '{texts[0]}', apex '{texts[1]}', offset '{texts[2]}' are not frame numbers"
        ) from None
    if onset > offset:
        raise mertk.DataError(f"onset {onset} lies after offset {offset}")
    if apex is None:
        return Timing(onset, None, offset, ("given", "missing", "given"), ("apex_missing",))
    if not onset <= apex <= offset:
        return Timing(onset, None, offset, ("given", "invalid", "given"), ("apex_outside",))
    return Timing(onset, apex, offset, ("given", "given", "given"))


def _record(source: Source, match: Match) -> data.record.Record:
    row, timing, lost = match.row, match.timing, match.lost
    aus, au_quirks = _aus(row.au)
    objective, origin = _objective(row, aus)
    emotion = data.record.canonical_emotion(match.emotion)
    gaps = ("missing_frames",) if lost else ()
    return data.record.Record(
        uid=f"casme2/{row.subject}/{match.name}",
        dataset="casme2",
        edition=source.edition,
        subject=row.subject,
        subject_native=row.native,
        clip=row.clip,
        label=emotion,
        synthetic=source.synthetic,
        root_kind=source.kind,
        frames_dir=match.folder.relative_to(source.root).as_posix(),
        onset=timing.onset,
        apex=timing.apex,
        offset=timing.offset,
        onset_raw=row.onset,
        apex_raw=row.apex,
        offset_raw=row.offset,
        onset_status=timing.statuses[0],
        apex_status=timing.statuses[1],
        offset_status=timing.statuses[2],
        fps=FPS,
        emotion_raw=row.emotion,
        emotion=emotion,
        au_raw=row.au,
        aus=aus or (),
        au_set=data.aus.plain_aus(aus or ()),
        au_known=aus is not None,
        objective_class=objective,
        objective_class_source=origin,
        n_files=len(match.files),
        first_file=min(match.files),
        last_file=max(match.files),
        n_missing=len(lost),
        quirks=tuple(dict.fromkeys((*match.quirks, *timing.quirks, *au_quirks, *gaps))),
        notes=(f"missing frames: {_shown(lost)}",) if lost else (),
    )


def _aus(coding: str) -> tuple[tuple[data.aus.AU, ...] | None, tuple[str, ...]]:
    try:
        aus = data.aus.parse_aus(coding)
    except mertk.DataError:  # recognition of emotions needs no AUs: the clip is marked and kept
        return None, ("au_unreadable",)
    return aus, () if aus is not None else ("au_unknown",)


def _objective(row: Annotation, aus: tuple[data.aus.AU, ...] | None) -> tuple[int | None, str]:
    """The published objective class, else the rule's, and where it comes from."""
    if row.objective_class is not None:
        return row.objective_class, "Objective Classes"
    return (None, "") if aus is None else (data.aus.objective_class(aus), "rule")


def _shown(numbers: list[int]) -> str:
    most = 5
    more = f" … and {len(numbers) - most} more" if len(numbers) > most else ""
    return ", ".join(map(str, numbers[:most])) + more
