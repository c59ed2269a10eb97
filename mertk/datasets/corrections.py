"""Known errors of published annotation files, as a table beside the reader that uses it.

A row holds only where the published value is the one it expects, so a corrected future edition is
left alone. `level` is 'official' (the data set's authors published the value), 'recommended' (the
field's best evidence) or 'flag' (nothing is changed, the clip is only marked).
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Level = Literal["none", "official", "recommended"]

_APPLIED: Mapping[str, frozenset[str]] = {
    "none": frozenset(),
    "official": frozenset({"official"}),
    "recommended": frozenset({"official", "recommended"}),
}
_ANY = "*"


@dataclass(frozen=True, slots=True)
class Repair:
    """One row.

    `clip` is `subject/clip`, or `subject/clip/onset` where a folder holds several expressions, or
    `subject/clip/onset/apex` where several of them begin with the same frame, all as published.
    `field` names what is wrong: `onset`, `apex`, `offset`, `emotion`, `au` … In `frames` (onset
    apex offset; a `*` stands for any value) it is for the files on disk to say which edition
    holds; in `uid` the value is the onset of the edition that ids are made from.
    """

    editions: str
    clip: str
    field: str
    published: str
    value: str
    level: str
    quirk: str
    evidence: str


def list_repair_keys(subject: str, clip: str, onset: str, apex: str) -> tuple[str, str, str]:
    """What the repairs of an expression may be filed under, see `Repair`."""
    folder = f"{subject}/{clip}"
    return folder, f"{folder}/{onset}", f"{folder}/{onset}/{apex}"


@functools.cache
def read_repairs(file: Path) -> Mapping[str, tuple[Repair, ...]]:
    """The rows of a table by clip; its columns are the fields of `Repair`."""
    found: dict[str, tuple[Repair, ...]] = {}
    for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
        repair = Repair(**row)
        found[repair.clip] = (*found.get(repair.clip, ()), repair)
    return found


def apply_repairs(
    rows: Iterable[Repair], published: Mapping[str, str], level: Level
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The values of a clip's fields after repair, and the quirks that were met.

    `published` maps fields to their text. A quirk is named at every level, a value is changed
    only at its own level or a higher one.
    """
    values, quirks = dict(published), []
    for row in rows:
        if row.field in published and row.published == published[row.field]:
            quirks.append(row.quirk)
            if row.level in _APPLIED[level]:
                values[row.field] = row.value
    return values, tuple(dict.fromkeys(quirks))


def identity_onset(rows: Iterable[Repair], onset: str) -> str:
    """The onset that a clip's id is made from, which is the same in all editions."""
    for row in rows:
        if row.field == "uid" and row.published == onset:
            return row.value
    return onset


def other_frames(
    rows: Iterable[Repair], published: tuple[str, str, str], level: Level
) -> list[tuple[tuple[str, str, str], str]]:
    """What onset, apex and offset may be instead, with the quirk, where other editions differ.

    Which edition holds follows from the frames on disk, which the caller checks.
    """
    found = []
    for row in rows:
        if row.field != "frames" or row.level not in _APPLIED[level]:
            continue
        if _fill_wildcards(row.published, published) == published:
            found.append((_fill_wildcards(row.value, published), row.quirk))
    return found


def _fill_wildcards(values: str, texts: tuple[str, str, str]) -> tuple[str, str, str]:
    """Three values, each `*` replaced by its text."""
    onset, apex, offset = (
        text if value == _ANY else value for value, text in zip(values.split(), texts, strict=True)
    )
    return onset, apex, offset
