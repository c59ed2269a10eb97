"""DFME: 2629 micro-expressions of 259 people at 200, 300 or 500 frames a second."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _dfme_sheet as sheets

if TYPE_CHECKING:
    from mertk.datasets.folders import Found, Place, Tree
    from mertk.datasets.reader import Reading
    from mertk.datasets.record import Record
    from mertk.datasets.spreadsheets import Names

_WITHOUT_AUS = frozenset({"au_unknown"})


@dataclass(kw_only=True, eq=False)
class DFME(datasets.reader.SpreadsheetReader):
    """The published part of DFME, from up to three spreadsheets and their trees of frames.

    A clip's part is its record's `official_split`; its frame rate is its own.

    Args:
        parts: the parts of the official split that are read, any of `train`, `testA` and `testB`;
            null reads all that are there.
        tree: which frames are read: `raw`, `cropped`, or with `auto` the first of these that
            exists.
        repair: without effect, as no errors of the spreadsheets are known; one of `none`,
            `official` and `recommended`, as for other data sets.
    """

    default_protocol = "dfme_7"
    obtain = "mea-lab-421.github.io (licence agreement)"

    name = "dfme"
    layout = (
        "The folder should hold training_full_with_AU.xlsx, testA_full_with_AU.xlsx and "
        "testB_full_with_AU.xlsx, or some of these, and their frames in DFME_train, test_data_A "
        "and test_data_B, with pictures such as DFME_train/sub0003_01/00109.png."
    )
    kinds = ("raw", "cropped")
    columns: ClassVar[Names] = sheets.COLUMNS
    optional: ClassVar[Names] = sheets.OPTIONAL

    parts: list[str] | None = None
    tree: Literal["auto", "raw", "cropped"] = "auto"
    sheet: None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Put the parts into their order; raises `ValueError` where one is unknown."""
        unknown = sorted(set(self.parts or ()) - set(sheets.PARTS))
        if unknown:
            raise ValueError(f"parts={self.parts}; choose from {', '.join(sheets.PARTS)}")
        self.parts = [part for part in sheets.PARTS if part in (self.parts or ())]

    def find_tree(self, found: Found) -> tuple[Tree | None, str]:
        """The tree of all parts that are read: clips tell them apart, nobody is in two of them."""
        parts = sheets.find_files(found, self.parts or (), self.layout)

        def place(folder: Path) -> Place | None:
            within = folder.relative_to(found.root).parts[:-1]
            others = any(part not in parts for part in map(sheets.part_of, within) if part)
            return None if others else self.place(found.root, folder)

        trees = datasets.folders.group_into_trees(found, place)
        return datasets.folders.choose_tree(self.name, found, trees, self.kinds, self.tree)

    def read(self, found: Found, tree: Tree | None) -> Reading:  # noqa: ARG002
        """The records of all parts that are read."""
        files = sheets.find_files(found, self.parts or (), self.layout)
        tables = {part: datasets.spreadsheets.read_table(file) for part, file in files.items()}
        rows = []
        for part, table in tables.items():
            rows += [(part, line, sheets.read_row(line)) for line in self.lines(table)]
        source = self.make_source(
            found,
            unremarkable=frozenset() if sheets.has_aus(tables.values()) else _WITHOUT_AUS,
        )
        twice = sheets.in_two_parts((row["subject"], part) for part, _, row in rows)
        records: list[Record] = []
        for part, line, row in rows:
            if row["subject"] in twice:
                row["quirks"] = (*row["quirks"], "subject_in_two_parts")
            records.append(line.record(source, modality="rgb", official_split=part, **row))
        parts = list(tables)
        return datasets.reader.Reading(
            source=source,
            records=records,
            edition=sheets.recognise(records, parts),
            editions=sheets.list_editions(parts),
            sheets=[table.file for table in tables.values()],
        )

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/sub0003_01` is a clip; the folders of all parts make up one tree."""
        named = sheets.parse_clip(folder.name)
        if named is None or folder == root:
            return None
        kind = datasets.folders.kind_of(folder.parent, root, {"crop": "cropped"}, "raw")
        return datasets.folders.Place(root, kind, f"{named[0]}_{named[1]}".lower())

    def key(self, record: Record) -> str:
        """Names of clips are unique."""
        return record.clip.lower()


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("dfme", DFME, paper="doi:10.1109/TAFFC.2023.3341918")
