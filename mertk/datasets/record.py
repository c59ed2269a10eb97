"""The union record: one row per annotated expression, alike for all data sets.

Frame-valued fields are the data set's own frame numbers (file numbers), inclusive, not positions
in `Clip.footage`. Nothing is repaired silently: the published text is in `…_raw`, and `…_status`
says how the final value came about.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from mertk.datasets.action_units import AU

Status = Literal["given", "missing", "invalid", "corrected"]

SYNTHETIC_MARK = "SYNTHETIC.txt"
"""A file of this name in a data set's folder says that its clips are made, not filmed."""

_EMOTIONS = {
    "angry": "anger",
    "comtempt": "contempt",
    "fearful": "fear",
    "happy": "happiness",
    "happyiness": "happiness",
    "other": "others",
    "sad": "sadness",
    "surprised": "surprise",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of one expression.

    `uid` equals `Clip.uid` and does not change between editions; `subject` is the canonical name
    that leave-one-subject-out groups by, `subject_native` its spelling in the source. `clip` is
    the clip's folder, `video` the recording that it was cut from, `session` and `inducement` what
    some sets tell of it. `label` is the data set's usual label. `edition` is the edition of the
    annotation file, found from its contents, `source` the place of the row in it. `root_kind` and
    `frames_dir` say which tree the clip is bound to. `fps` is in Hz. `emotions` are all of a
    multi-label set. `aus` holds the parsed codes, of which `au_set` are the plain numbers; both
    are empty where `au_known` is false. `objective_class` is 1–7, from a column or
    (`objective_class_source` 'rule') from the AUs. `n_files`, `first_file` and `last_file`
    describe the frame folder, `zero_pad` the digits of its file numbers, `n_missing` counts gaps
    inside onset … offset. `long_offset` is the clip's frame number less that of the long video.
    `quirks` are codes, mostly from the table of repairs; `extra` are further columns of the source.
    """

    uid: str
    dataset: str
    edition: str = ""
    source: str = ""
    subject: str
    subject_native: str
    session: str = ""
    inducement: str = ""
    clip: str
    video: str = ""
    label: str
    synthetic: bool = False
    root_kind: str = ""
    frames_dir: str = ""
    onset: int | None
    apex: int | None
    offset: int | None
    onset_raw: str = ""
    apex_raw: str = ""
    offset_raw: str = ""
    onset_status: Status = "given"
    apex_status: Status = "given"
    offset_status: Status = "given"
    fps: float
    modality: Literal["rgb", "grey", "nir", "depth", ""] = ""
    emotion_raw: str = ""
    emotion: str = ""
    emotions: tuple[str, ...] = ()
    valence: str = ""
    self_report: str = ""
    au_raw: str = ""
    aus: tuple[AU, ...] = ()
    au_set: tuple[int, ...] = ()
    au_known: bool = False
    objective_class: int | None = None
    objective_class_source: str = ""
    expression_type: Literal["micro", "macro", "blink", ""] = "micro"
    official_split: str = ""
    n_files: int | None = None
    first_file: int | None = None
    last_file: int | None = None
    zero_pad: int | None = None
    n_missing: int = 0
    long_offset: int | None = None
    quirks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def apex_method(self) -> str:
        """'annotated', or 'none': methods that need an apex then take the middle."""
        return "none" if self.apex is None else "annotated"

    @property
    def duration_frames(self) -> int | None:
        """Frames from onset to offset, both counted."""
        if self.onset is None or self.offset is None:
            return None
        return self.offset - self.onset + 1

    @property
    def duration_ms(self) -> int | None:
        """The same in milliseconds."""
        frames = self.duration_frames
        return None if frames is None else round(1000 * frames / self.fps)

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain data; `extra` columns stand beside them under their own names."""
        fields = {name: _make_plain(getattr(self, name)) for name in FIELDS}
        derived = {name: getattr(self, name) for name in DERIVED}
        return {**fields, **derived, **self.extra}


DERIVED = ("apex_method", "duration_frames", "duration_ms")
"""What `to_dict` adds to the fields."""

FIELDS = tuple(f.name for f in dataclasses.fields(Record) if f.name != "extra")
"""The fields of a record, in their order."""


def _make_plain(value: Any) -> Any:
    """A field as plain data; a copy of `dataclasses.asdict` would take three times as long."""
    if isinstance(value, tuple):
        return tuple(map(_make_plain, value))
    return asdict(value) if isinstance(value, AU) else value


def to_text(record: Mapping[str, Any]) -> dict[str, str]:
    """A record (as `Record.to_dict` gives it) as cells of a table: lists as JSON, None empty."""
    return {name: _format_cell(value) for name, value in record.items()}


def from_text(cells: Mapping[str, str]) -> dict[str, Any]:
    """Those fields of a record that a table has as columns, read back from what `to_text` gives.

    Empty cells are left out. Raises `ValueError` naming a column whose text is not of its type.
    """
    hints = typing.get_type_hints(Record)
    found: dict[str, Any] = {}
    for name, text in cells.items():
        if name in FIELDS and text:
            try:
                found[name] = _parse_value(text, hints[name])
            except (ValueError, TypeError, KeyError) as error:
                raise ValueError(f"column '{name}': '{text}' cannot be read ({error})") from None
    return found


def _format_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | dict):
        return json.dumps(value) if value else ""
    return str(value)


def _parse_value(text: str, hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        return tuple(AU(**_restore_au(part)) if inner is AU else part for part in json.loads(text))
    if hint is bool:
        return {"true": True, "false": False}[text.lower()]
    if hint in (int, float):
        return hint(text)
    return text


def _restore_au(part: Mapping[str, Any]) -> dict[str, Any]:
    return {**part, "flags": tuple(part["flags"])}


def canonical_emotion(text: str) -> str:
    """The common spelling of an emotion: lower case, 'Other' is 'others', 'sad' is 'sadness'."""
    lower = text.strip().lower()
    return _EMOTIONS.get(lower, lower)


def is_synthetic(folder: Path) -> bool:
    """Whether a data set's folder says that its clips are made, not filmed."""
    return (folder / SYNTHETIC_MARK).is_file()
