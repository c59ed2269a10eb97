"""Published editions of annotations, known by their counts and, where it is known, their content.

Two files may have the same counts and other onsets or labels. Of some editions the SHA-256 of all
published frame numbers and of all labels is known, so that an edited copy does not pass for them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mertk.datasets.record import Record
from mertk.datasets.spreadsheets import parse_integer

UNRECOGNISED = "unrecognised"
"""The edition of annotations that are like no published ones."""

EDITED = ", edited"
"""Stands behind the name of an edition whose counts a copy has, but not its content."""


class Cells(NamedTuple):
    """What an edition's hashes are made of: the cells of one row."""

    subject: str
    native: str
    clip: str
    onset: str
    apex: str
    offset: str
    label: str

    @classmethod
    def of_fields(cls, record: Mapping[str, Any]) -> Cells:
        """The cells of a record as `Record.to_dict` has it."""
        return cls(*(str(record[name]) for name in _FIELDS))


_FIELDS = ("subject", "subject_native", "clip", "onset_raw", "apex_raw", "offset_raw", "label")


@dataclass(frozen=True, slots=True)
class Edition:
    """What a published edition holds: expressions, people, expressions a label and a subject.

    `people` are the names of its subjects. `timing` and `label_list` are hashes of its content
    (`hash_timing`, `hash_labels`), '' where they are not known. `hashed_as` maps `subject/clip` to
    the label that the hash has in place of the edition's own.
    """

    name: str
    rows: int
    subjects: int | None = None
    labels: Mapping[str, int] = field(default_factory=dict)
    per_subject: Mapping[str, int] = field(default_factory=dict)
    people: Sequence[str] = ()
    timing: str = ""
    label_list: str = ""
    hashed_as: Mapping[str, str] = field(default_factory=dict)

    def fits(self, records: Sequence[Record]) -> bool:
        """Whether these records have the same counts."""
        people = Counter(record.subject for record in records)
        labels = Counter(record.label for record in records)
        return (
            len(records) == self.rows
            and self.subjects in (None, len(people))
            and (not self.labels or labels == self.labels)
            and (not self.per_subject or people == self.per_subject)
        )

    @property
    def hashed(self) -> bool:
        """Whether its content is known, not its counts alone."""
        return bool(self.timing and self.label_list)

    def find_edited(self, dataset: str, rows: Sequence[Cells]) -> tuple[str, ...]:
        """Which of `timing` and `labels` is not that of the edition, as far as it is known."""
        found = []
        if self.timing and self.timing not in (hash_timing(rows), hash_timing(rows, native=True)):
            found.append("timing")
        if self.label_list and self.label_list != self.hash_labels(dataset, rows):
            found.append("labels")
        return tuple(found)

    def hash_labels(self, dataset: str, rows: Iterable[Cells]) -> str:
        """The hash of the labels, in which those of `hashed_as` are replaced."""
        return hash_lines(self.list_labels(dataset, rows))

    def list_labels(self, dataset: str, rows: Iterable[Cells]) -> list[str]:
        r"""The lines `dataset/subject/clip,label\n` that the hash of the labels is made of."""
        lines = []
        for row in rows:
            name = f"{row.subject}/{row.clip}"
            lines.append(f"{dataset}/{name},{self.hashed_as.get(name, row.label)}\n")
        return lines


def recognise_edition(records: Sequence[Record], editions: Sequence[Edition]) -> str:
    """The name of the published edition whose counts and content these are, or `UNRECOGNISED`.

    Where the counts are an edition's and the content is not, `EDITED` stands behind its name.
    """
    fits = [edition for edition in editions if edition.fits(records)]
    rows = [Cells.of_fields(record.to_dict()) for record in records]
    for edition in fits:
        if not edition.find_edited(records[0].dataset, rows):
            return edition.name
    return f"{fits[0].name}{EDITED}" if fits else UNRECOGNISED


def is_published(edition: str) -> bool:
    """Whether a name is that of a published edition."""
    return edition != UNRECOGNISED and not edition.endswith(EDITED)


def hash_timing(rows: Iterable[Cells], *, native: bool = False) -> str:
    """SHA-256 over all rows, with the subjects' own spellings in the file where `native`."""
    return hash_lines(list_timing(rows, native=native))


def list_timing(rows: Iterable[Cells], *, native: bool = False) -> list[str]:
    r"""The lines `subject/clip,onset,apex,offset\n`, the frame numbers as published."""
    lines = []
    for row in rows:
        frames = ",".join(map(_strip_zeros, (row.onset, row.apex, row.offset)))
        lines.append(f"{row.native if native else row.subject}/{row.clip},{frames}\n")
    return lines


def _strip_zeros(text: str) -> str:
    """A frame number that a csv export wrote as `46.0` as the sheet has it: `46`."""
    try:
        return str(parse_integer(text))
    except ValueError:
        return text


def hash_lines(lines: Iterable[str]) -> str:
    """SHA-256 of lines in their sorted order."""
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()
