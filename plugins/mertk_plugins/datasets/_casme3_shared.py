"""What the readers of the parts of CAS(ME)^3 share: one camera, one way of writing things down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mertk.datasets.record import Record

Wanted = Literal["micro", "macro", "all"]
"""Which expressions are read."""

Kind = Literal["micro", "macro"]

FPS = 30.0
TOLERANCE = 3
"""Frames (a tenth of a second) that an onset or apex may be away from a picture: some are lost."""

ASSUMED = f"an onset or apex frame that is lost is replaced by the nearest within {TOLERANCE}"

_LONGEST_MICRO = 15  # frames: half a second
_NOT_COLOUR = frozenset({"depth", "video"})


def is_colour(root: Path, folder: Path) -> bool:
    """Whether a folder holds neither depth pictures nor videos, as its path says."""
    names = (root.resolve().name, *folder.relative_to(root).parts)
    return not any(name.lower() in _NOT_COLOUR for name in names)


def mark_long_expressions(records: Iterable[Record]) -> Iterator[Record]:
    """The records with `long_me` where a micro-expression lasts longer than half a second.

    Where several expressions of a recording begin with the same frame, the ids of all but the
    first have their apex, or else their offset, behind the onset.
    """
    first: dict[str, Record] = {}
    for record in records:
        before = first.setdefault(record.uid, record)
        same = (record.apex_raw, record.offset_raw) == (before.apex_raw, before.offset_raw)
        tail = "" if same else f"/{record.apex_raw or record.offset_raw}"
        micro = record.expression_type == "micro"
        long_me = micro and (record.duration_frames or 0) > _LONGEST_MICRO
        quirks = (*record.quirks, *(["long_me"] if long_me else []))
        yield replace(record, uid=f"{record.uid}{tail}", quirks=quirks)
