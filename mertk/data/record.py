"""The union record: one row per annotated expression, alike for all data sets.

Frame-valued fields are the data set's own frame numbers (file numbers), inclusive, not positions
in `Clip.footage`. Nothing is repaired silently: the published text is in `…_raw`, and `…_status`
says how the final value came about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from mertk.data.aus import AU

Status = Literal["given", "missing", "invalid", "corrected"]

SYNTHETIC_MARK = "SYNTHETIC.txt"
"""A file of this name in a data set's folder says that its clips are made, not filmed."""

_EMOTIONS = {
    "angry": "anger", "fearful": "fear", "happy": "happiness", "other": "others",
    "sad": "sadness", "surprised": "surprise",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of one expression.

    `uid` equals `Clip.uid`; `subject` is the canonical name that leave-one-subject-out groups by,
    `subject_native` its spelling in the source. `label` is the data set's usual label. `edition`
    is the edition of the annotation file, found from its contents. `root_kind` and `frames_dir`
    say which tree the clip is bound to. `fps` is in Hz. `aus` holds the parsed codes, of which
    `au_set` are the plain numbers; both are empty where `au_known` is false. `objective_class` is
    1–7, from a column or (`objective_class_source` 'rule') from the AUs. `n_files`, `first_file`
    and `last_file` describe the frame folder, `n_missing` counts gaps inside onset … offset.
    `quirks` are codes, mostly from `repairs.csv`; `extra` are further columns of the source.
    """

    uid: str
    dataset: str
    edition: str = ""
    subject: str
    subject_native: str
    clip: str
    label: str
    synthetic: bool = False
    root_kind: str = ""
    frames_dir: str = ""
    onset: int
    apex: int | None
    offset: int
    onset_raw: str = ""
    apex_raw: str = ""
    offset_raw: str = ""
    onset_status: Status = "given"
    apex_status: Status = "given"
    offset_status: Status = "given"
    fps: float
    emotion_raw: str = ""
    emotion: str = ""
    au_raw: str = ""
    aus: tuple[AU, ...] = ()
    au_set: tuple[int, ...] = ()
    au_known: bool = False
    objective_class: int | None = None
    objective_class_source: str = ""
    expression_type: Literal["micro", "macro", "blink", ""] = "micro"
    n_files: int | None = None
    first_file: int | None = None
    last_file: int | None = None
    n_missing: int = 0
    quirks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain data; `extra` columns stand beside them under their own names."""
        fields = asdict(self)
        extra = fields.pop("extra")
        return {**fields, **extra}


def canonical_emotion(text: str) -> str:
    """The common spelling of an emotion: lower case, 'Other' is 'others', 'sad' is 'sadness'."""
    lower = text.strip().lower()
    return _EMOTIONS.get(lower, lower)


def is_synthetic(folder: Path) -> bool:
    """Whether a data set's folder says that its clips are made, not filmed."""
    return (folder / SYNTHETIC_MARK).is_file()
