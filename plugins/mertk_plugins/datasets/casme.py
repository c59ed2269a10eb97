"""CASME, the first of its name: 195 spontaneous micro-expressions at 60 frames a second."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _casme_sheet as sheet

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.folders import Found, Place, Tree
    from mertk.datasets.reader import Line, Reading
    from mertk.datasets.record import Record
    from mertk.datasets.spreadsheets import Table

_LAST_OF_SECTION_A = 7  # people 1–7 were filmed with one camera, 8–19 with another
_SUBJECT = re.compile(r"sub(?:ject)?[ _-]*0*([0-9]+)", re.IGNORECASE)
_SECTION = re.compile(r"(?:casme|section)[ _-]*[ab]", re.IGNORECASE)
_WORDS = {"crop": "cropped", "raw": "raw", "select": "raw"}
_NO_FRAME = datasets.annotations.NO_FRAME | {"\\"}


@dataclass(kw_only=True, eq=False)
class CASME(datasets.reader.SpreadsheetReader):
    """CASME, from its spreadsheets and one of its frame trees.

    A folder may hold several micro-expressions; clips are always cut to onset … offset. A clip
    without an annotated offset counts as one without frames.

    Args:
        tree: which frames are read: `raw`, `cropped`, or with `auto` the first of these that
            exists.
    """

    default_protocol = "casme_4"
    obtain = "casme.psych.ac.cn/casme/e1 (agreement signed by a permanent member of staff)"

    name = "casme"
    layout = (
        "The folder should hold casme.xlsx, or Section A.xls and Section B.xls, and a tree of "
        "frames (CASME_raw_selected, Section A and Section B, or Cropped) with pictures such as "
        "sub01/EP01_12/EP01_12-73.jpg (reg_EP01_12-73.jpg in Cropped)."
    )
    kinds = ("raw", "cropped")
    editions = sheet.EDITIONS
    known_errors = Path(__file__).with_name("_casme_repairs.csv")

    tree: Literal["auto", "raw", "cropped"] = "auto"

    def read(self, found: Found, tree: Tree | None) -> Reading:  # noqa: ARG002
        """The records of one spreadsheet or of both sections' ones."""
        tables = sheet.read_tables(found, self.sheet, self.layout)
        absent = {"offset": "offset_missing", "au": "au_unknown"}
        unremarkable = frozenset(
            q for what, q in absent.items() if not sheet.has_column(tables, what)
        )
        source = self.make_source(found, no_frame=_NO_FRAME, unremarkable=unremarkable)
        records, assumed = [], []
        for table in tables:
            records += [self.read_line(source, line) for line in self.lines(table)]
            assumed += sheet.list_assumed(table)
        return datasets.reader.Reading(
            source=source,
            records=records,
            edition=datasets.survey.recognise_edition(records, self.editions),
            editions=self.editions,
            sheets=[table.file for table in tables],
            assumed=assumed,
        )

    def find_columns(self, table: Table) -> Mapping[str, str]:
        """The columns by their names, or else by parts of these."""
        return sheet.find_columns(table)

    def read_line(self, source: Source, line: Line) -> Record:
        """The record of a row; raises `DataError` where a name is missing or is none."""
        _, clip, _ = line.need("subject", "clip", "emotion")
        number = sheet.read_subject(line)
        return line.record(
            source,
            place=sheet.place_of(line),
            subject=f"sub{number:02d}",
            session="A" if number <= _LAST_OF_SECTION_A else "B",
            clip=clip.replace("-", "_"),  # on disk '-' stands before the frame number
            fps=60.0,
            modality="rgb",
            extra={"apex2": line["apex2"]},
        )

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/sub01/EP01_12` is a clip; the folders of both sections make up one tree."""
        subject = _SUBJECT.fullmatch(folder.parent.name)
        if not subject or folder == root:
            return None
        base = folder.parent.parent
        while base != root and _SECTION.fullmatch(base.name):
            base = base.parent
        unnamed = "cropped" if datasets.folders.looks_cropped(folder) else "raw"
        kind = datasets.folders.kind_of(base, root, _WORDS, unnamed)
        key = f"sub{int(subject[1]):02d}/{folder.name}".lower().replace("-", "_")
        return datasets.folders.Place(base, kind, key)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("casme", CASME, paper="doi:10.1109/FG.2013.6553799")
