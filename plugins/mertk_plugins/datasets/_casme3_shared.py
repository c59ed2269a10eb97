"""What the readers of the parts of CAS(ME)^3 share: which rows are read, and what colour is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

import mertk
from mertk import datasets
from mertk.datasets.annotations import Source
from mertk.datasets.editions import Edition
from mertk.datasets.folders import Found, Tree
from mertk.datasets.reader import Line
from mertk.datasets.record import Record
from mertk.datasets.spreadsheets import Table
from mertk.datasets.survey import Reading

Wanted = Literal["micro", "macro", "all"]  # which expressions are read

Kind = Literal["micro", "macro"]

PUBLISHED = datasets.reader.read_published(Path(__file__).with_name("_published.toml"))
FPS = 30.0
TOLERANCE = 3
"""Frames (a tenth of a second) that an onset or apex may be away from a picture: some are lost."""

_ASSUMED = f"an onset or apex frame that is lost is replaced by the nearest within {TOLERANCE}"

_LONGEST_MICRO = 15  # frames: half a second
_NOT_COLOUR = frozenset({"depth", "video"})


@dataclass(kw_only=True, eq=False)
class CASME3Part(datasets.reader.SpreadsheetReader):
    """Reads a part of CAS(ME)^3 whose files hold micro-expressions, macro-expressions or both."""

    files: ClassVar[Mapping[Wanted, Sequence[str]]]
    """Names of the files with these expressions, the preferred one first."""
    groups: ClassVar[Mapping[str, tuple[Edition, ...]]]
    """The published editions: `ME`, of files with emotions, or those of the expressions."""

    expressions: Wanted = "micro"

    @abstractmethod
    def read_kind(self, line: Line) -> Kind:
        """The type of an expression; raises `DataError` where a cell cannot be what it should."""

    def make_part_source(self, found: Found, lines: Sequence[Line]) -> Source:  # noqa: ARG002
        """What the rows that are read have in common."""
        return self.make_source(found, tolerance=TOLERANCE)

    def read(self, found: Found, tree: Tree | None) -> Reading:  # noqa: ARG002
        """The records of the expressions that are wanted; raises `DataError` if there are none."""
        table = self.read_table(found, self.files[self.expressions])
        lines = self.lines(table)
        kinds = [self.read_kind(line) for line in lines]
        wanted = lines
        if self.expressions != "all":
            wanted = [lines[at] for at, kind in enumerate(kinds) if kind == self.expressions]
        typed = table.optional(*self.optional["type"])
        if not wanted or (self.expressions == "all" and not typed):
            raise mertk.DataError(
                f"{table.place()}: no rows for expressions={self.expressions}; it holds "
                f"{kinds[0]}-expressions alone, {self.files['all'][0]} has both"
            )
        source = self.make_part_source(found, wanted)
        records = list(_mark_long_expressions(self.read_line(source, line) for line in wanted))
        editions, assumed = self.list_editions(table), self.list_assumptions(table)
        edition = self.recognise(table, records)
        return datasets.survey.Reading(source, records, editions, [table.file], assumed, edition)

    def list_assumptions(self, table: Table) -> Sequence[str]:  # noqa: ARG002
        """What is taken for granted."""
        return [_ASSUMED]

    def list_editions(self, table: Table) -> Sequence[Edition]:
        """The published editions that a file of this kind may be."""
        return self.groups["ME" if "emotion" in table.columns else self.expressions]

    def recognise(self, table: Table, records: Sequence[Record]) -> str:
        """The name of the published edition that the records are."""
        return datasets.editions.recognise_edition(records, self.list_editions(table))


def is_colour(root: Path, folder: Path) -> bool:
    """Whether a folder holds neither depth pictures nor videos, as its path says."""
    names = f"{root.resolve().name}/{folder.relative_to(root).as_posix()}".lower()
    return _NOT_COLOUR.isdisjoint(names.split("/"))


def _mark_long_expressions(records: Iterable[Record]) -> Iterator[Record]:
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
