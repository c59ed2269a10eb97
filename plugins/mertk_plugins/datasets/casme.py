"""CASME, the first of its name: 195 spontaneous micro-expressions at 60 frames a second."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import mertk
from mertk import datasets
from mertk.datasets.annotations import Source
from mertk.datasets.folders import Found, Place, Tree
from mertk.datasets.reader import Line, NameForm
from mertk.datasets.record import Record
from mertk.datasets.spreadsheets import Table
from mertk.datasets.survey import Reading

_HERE = Path(__file__)
_PUBLISHED = datasets.reader.read_published(_HERE.with_name("_published.toml"))["casme"]
_COLUMNS = {**_PUBLISHED.columns, **_PUBLISHED.optional}
_PARTS_OF_NAMES = {
    "clip": "filename",
    "onset": "onset",
    "emotion": "emotion",
    "apex": "apex",
    "offset": "offset",
    "au": "actionunit",
}
_SINGLE = re.compile(r"casme(?![ _-]*(?:[2-9]|ii|sq|\^))(?!.*section)", re.IGNORECASE)
_SECTION = re.compile(r"section[ _-]*([ab])(?![a-z0-9])", re.IGNORECASE)
_SECTION_FOLDER = re.compile(r"(?:casme|section)[ _-]*[ab]", re.IGNORECASE)
_SUBJECT = NameForm(r"(?:sub(?:ject)?[ _-]*)?0*([0-9]{1,3})(?:\.0+)?", "sub{:0>2}")
_SUBJECT_FOLDER = NameForm(r"sub(?:ject)?[ _-]*0*([0-9]+)", "sub{:0>2}")
_LAST_OF_SECTION_A = "sub07"  # people 1–7 were filmed with one camera, 8–19 with another
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
    editions = _PUBLISHED.editions
    columns = _PUBLISHED.columns
    optional = _PUBLISHED.optional
    known_errors = _HERE.with_name("_casme_repairs.csv")

    tree: Literal["auto", "raw", "cropped"] = "auto"

    def read(self, found: Found, tree: Tree | None) -> Reading:  # noqa: ARG002
        """The records of one spreadsheet or of both sections' ones."""
        tables = _read_tables(found, self.sheet, self.layout)
        absent = {"offset": "offset_missing", "au": "au_unknown"}
        for what in ("offset", "au"):
            if any(_find_column(table, what) for table in tables):
                del absent[what]
        unremarkable = frozenset(absent.values())
        source = self.make_source(found, no_frame=_NO_FRAME, unremarkable=unremarkable)
        records, assumed = [], []
        for table in tables:
            records += [self.read_line(source, line) for line in self.lines(table)]
            assumed += _list_assumptions(table)
        sheets = [table.file for table in tables]
        return datasets.survey.Reading(source, records, self.editions, sheets, assumed)

    def find_columns(self, table: Table) -> Mapping[str, str]:
        """The columns by their names, or else by parts of these."""
        found = {what: _find_column(table, what) for what in _COLUMNS}
        for what, names in self.columns.items():
            if not found[what]:
                table.column(*names)  # raises, and says which columns there are
        return found

    def read_line(self, source: Source, line: Line) -> Record:
        """The record of a row; raises `DataError` where a name is missing or is none."""
        _, clip, _ = line.need("subject", "clip", "emotion")
        subject = line.name("subject", _SUBJECT, "is not a subject such as 1 or 01")
        file, number = line.table.file, f"row {line.row.number}"
        return line.record(
            source,
            place=f"{number} of {file.name}" if _SECTION.search(file.name) else number,
            subject=subject,
            session="A" if subject <= _LAST_OF_SECTION_A else "B",
            clip=clip.replace("-", "_"),  # on disk '-' stands before the frame number
            fps=60.0,
            modality="rgb",
            extra={"apex2": line["apex2"]},
        )

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/sub01/EP01_12` is a clip; the folders of both sections make up one tree."""
        subject = _SUBJECT_FOLDER.parse(folder.parent.name)
        if not subject or folder == root:
            return None
        base = folder.parent.parent
        while base != root and _SECTION_FOLDER.fullmatch(base.name):
            base = base.parent
        unnamed = "cropped" if datasets.folders.looks_cropped(folder) else "raw"
        kind = datasets.folders.kind_of(base, root, _WORDS, unnamed)
        key = f"{subject}/{folder.name}".lower().replace("-", "_")
        return datasets.folders.Place(base, kind, key)


def _read_tables(found: Found, wanted: str | None, layout: str) -> list[Table]:
    """The annotation: one file for all, or those of the sections; the first that has offsets.

    Naming one section's file as `wanted` reads both. Raises `DataError` where there is none.
    """
    files = sorted(found.sheets, key=lambda file: (len(file.parts), str(file)))
    sections = _find_section_files(files)
    groups = [[file] for file in files if _SINGLE.match(file.name)]
    groups += [sections] if sections else []
    if wanted is not None:
        file = datasets.folders.choose_sheet("casme", found, "", (), wanted)
        groups = [[file] if file and not _SECTION.search(file.name) else sections]
    if not groups:
        datasets.folders.need_sheet("casme", found, None, layout)
    read = []
    for group in groups:
        read.append([datasets.spreadsheets.read_table(file) for file in group])
        if all(_find_column(table, "offset") for table in read[-1]):
            return read[-1]
    return read[0]


def _find_section_files(files: Sequence[Path]) -> list[Path]:
    """The first file of each section, A before B."""
    first: dict[str, Path] = {}
    for file in files:
        letter = _SECTION.search(file.name)
        if letter:
            first.setdefault(letter[1].lower(), file)
    return [first[letter] for letter in sorted(first)]


def _find_column(table: Table, what: str) -> str:
    """The normalised name of a column, exact or else by a part of it; '' where there is none."""
    for name in table.columns:
        if name in _COLUMNS[what]:
            return name
    part = _PARTS_OF_NAMES.get(what)
    for name in table.columns:
        if part and part in name and not name.endswith("2"):
            return name
    return ""


def _list_assumptions(table: Table) -> list[str]:
    """Which columns were found by a part of their name, or not at all."""
    file, sentences = table.file.name, []
    for what, names in _COLUMNS.items():
        column = _find_column(table, what)
        if column and column not in names:
            sentences.append(f"{file}: column '{table.columns[column]}' is taken for the {what}")
    if not _find_column(table, "offset"):
        sentences.append(
            f"{file} has no column of offsets: its rows can be counted, but no clip cut"
        )
    return sentences


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("casme", CASME, paper="doi:10.1109/FG.2013.6553799")
