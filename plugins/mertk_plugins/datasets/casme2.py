"""CASME II: 255 spontaneous micro-expressions of 26 people at 200 frames a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
_PUBLISHED = datasets.reader.read_published(_HERE.with_name("_published.toml"))["casme2"]
_OBJECTIVE = r"casme[ _-]?(?:2|ii)(?![0-9a-z]).*objective"
_SUBJECT = NameForm(r"(?:sub(?:ject)?[ _-]*)?0*([0-9]+)(?:\.0+)?", "sub{:0>2}")
_SUBJECT_FOLDER = NameForm(r"sub(?:ject)?[ _-]*0*([0-9]+)", "sub{:0>2}")
_CLASSES = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7}
_CLASSES |= {str(number): number for number in range(1, 8)}
_WORDS = {"compress": "video", "crop": "cropped", "select": "selected", "raw": "raw"}


@dataclass(kw_only=True, eq=False)
class CASME2(datasets.reader.SpreadsheetReader):
    """CASME II, from its spreadsheet and one of its frame trees.

    Clips are always cut to onset … offset. The objective classes of MEGC 2018, where their file is
    there, are `objective_class_megc2018` in the records.

    Args:
        tree: which frames are read: `selected` (raw ones, cut to the expression), `raw`, `cropped`,
            or with `auto` the first of these that exists.
    """

    default_protocol = "casme2_3"
    obtain = "casme.psych.ac.cn/casme/e2 (agreement signed by a permanent member of staff)"

    name = "casme2"
    layout = (
        "The folder should hold a spreadsheet (CASME2-coding-20190701.xlsx or "
        "CASME2-coding-20140508.xlsx) and a tree of frames (CASME2_RAW_selected, CASME2-RAW or "
        "Cropped) with pictures such as sub01/EP02_01f/img46.jpg (reg_img46.jpg in Cropped). "
        "Videos (avi) are not read."
    )
    kinds = ("selected", "raw", "cropped")
    editions = _PUBLISHED.editions
    file_pattern = r"casme[ _-]?(?:2|ii)(?![0-9a-z]).*(?:coding|label)"
    file_names = (
        "CASME2-coding-20190701.xlsx",
        "CASME2-coding-20140508.xlsx",
        "CASME2-coding-updated.xlsx",
        "CASME2_label_Ver_2.xls",
    )
    optional = _PUBLISHED.optional
    known_errors = _HERE.with_name("_casme2_repairs.csv")

    tree: Literal["auto", "raw", "selected", "cropped"] = "auto"

    def read(self, found: Found, tree: Tree | None) -> Reading:
        """The records of the spreadsheet, with the classes of MEGC 2018 where their file is."""
        reading = super().read(found, tree)
        file = datasets.folders.choose_sheet(self.name, found, _OBJECTIVE, (), None)
        if file is None:
            return reading
        classes = _read_megc2018(datasets.spreadsheets.read_table(file))
        records = []
        for record in reading.records:
            known = classes.get(f"{record.subject}/{record.clip}", "")
            records.append(replace(record, extra={"objective_class_megc2018": known}))
        return replace(reading, records=records, sheets=[*reading.sheets, file])

    def read_line(self, source: Source, line: Line) -> Record:
        """The record of a row; raises `DataError` where a name is missing or is none."""
        _, clip, _ = line.need("subject", "clip", "emotion")
        return line.record(
            source,
            subject=_read_subject(line),
            clip=clip,
            fps=200.0,
            objective=_CLASSES.get(line["objective"].upper()),
            objective_source="Objective Classes",
            modality="rgb",
        )

    def recognise(self, table: Table, records: Sequence[Record]) -> str:  # noqa: ARG002
        """The name of the published edition, by its content and counts.

        `20140508`, `20190701` (also without its column of objective classes), `updated` (256 rows,
        with sub24/EP02_07), `label_Ver_2` (255 or 256 rows with the older frames), or
        `unrecognised`.
        """
        clips = {f"{record.subject}/{record.clip}": record.onset_raw for record in records}
        if len(records) == 256 and "sub24/EP02_07" in clips:
            return "updated"
        if len(records) in (255, 256) and clips.get("sub12/EP09_02") == "161":
            return "label_Ver_2"
        return datasets.editions.recognise_edition(records, self.editions[:2])

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/sub01/EP02_01f` is a clip, whatever the padding and case of the subject."""
        subject = _SUBJECT_FOLDER.parse(folder.parent.name)
        if not subject or folder == root:
            return None
        base = folder.parent.parent
        key = f"{subject}/{folder.name}".lower()
        unnamed = "cropped" if datasets.folders.looks_cropped(folder) else "raw"
        kind = datasets.folders.kind_of(base, root, _WORDS, unnamed)
        return datasets.folders.Place(base, kind, key)


def _read_subject(line: Line) -> str:
    return line.name("subject", _SUBJECT, "is not a subject such as 1, 01 or sub01")


def _read_megc2018(table: Table) -> dict[str, str]:
    """The objective classes of MEGC 2018, '1'–'7', by clip (`sub01/EP02_01f`).

    They are not those of the 2019 spreadsheet. Raises `DataError` where a class is none.
    """
    known = {**datasets.reader.COLUMNS, **_PUBLISHED.optional}
    columns = {what: table.column(*known[what]) for what in ("subject", "clip", "objective")}
    found = {}
    for row in table.rows:
        line = datasets.reader.Line(table, row, columns)
        number = _CLASSES.get(line["objective"].upper())
        if number is None:
            raise line.wrong("objective", "is not a class 1 … 7")
        found[f"{_read_subject(line)}/{line['clip']}"] = str(number)
    return found


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("casme2", CASME2, paper="doi:10.1371/journal.pone.0086041")
