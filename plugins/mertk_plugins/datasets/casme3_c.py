"""CAS(ME)^3 part C: 165 micro-expressions of 30 people in a mock crime, at 30 frames a second."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _casme3_c_sheet as sheets
from mertk_plugins.datasets import _casme3_shared as shared

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.folders import Found, Place, Tree
    from mertk.datasets.reader import Line, Reading
    from mertk.datasets.record import Record
    from mertk.datasets.spreadsheets import Names

_RECORDING = "a"  # there is one of each subject
_WORDS = {"crop": "cropped"}
_COUNTED = re.compile(r"(?:0*[0-9]+_)?0*([0-9]+)")
_ASSUMED = (
    shared.ASSUMED,
    "pictures lie in 01/a/color, or are cut to 01/2/color or 01/color/01_2 (2: the column count)",
)


@dataclass(kw_only=True, eq=False)
class CASME3C(datasets.reader.SpreadsheetReader):
    """CAS(ME)^3 part C, from one of its annotation files and one of its trees of colour frames.

    No apex is annotated.

    Args:
        expressions: which expressions are read: `micro`, `macro` or `all`. Those other than `micro`
            are in CAS(ME)3_part_C.xls alone, which has no emotions.
        tree: which frames are read: `long` (whole recordings), `me_only` (single expressions, cut
            out), `cropped`, or with `auto` the first of these that exists.
    """

    default_protocol = "loso"
    obtain = "casme.psych.ac.cn/casme/e4 (agreement); annotations: jingtingEmmaLi/CAS-ME-3, GitHub"

    name = "casme3_c"
    layout = (
        "The folder should hold CAS(ME)3_part_C_ME.xlsx (or CAS(ME)3_part_C.xls) and the unpacked "
        "pictures of part C, such as part_C/01/a/color/373.jpg. Depth is not read."
    )
    kinds = ("long", "me_only", "cropped")
    file_pattern = r"part[ _-]*c(?![a-z])|mock[ _-]*crime"
    titles = ("mockCrimeME", "organize")
    columns: ClassVar[Names] = sheets.COLUMNS
    optional: ClassVar[Names] = sheets.OPTIONAL

    expressions: shared.Wanted = "micro"
    tree: Literal["auto", "long", "me_only", "cropped"] = "auto"
    repair: Literal["recommended"] = field(default="recommended", init=False)

    def read(self, found: Found, tree: Tree | None) -> Reading:  # noqa: ARG002
        """The records of the expressions that are wanted; raises `DataError` if there are none."""
        table = self.read_table(found, sheets.NAMES[self.expressions])
        lines = sheets.choose_lines(table, self.lines(table, empty=True), self.expressions)
        absent = {"apex_missing"}
        if not any(line["au"] for line in lines):
            absent.add("au_unknown")
        source = self.make_source(found, tolerance=shared.TOLERANCE, unremarkable=frozenset(absent))
        records = list(shared.mark_long_expressions(self.read_line(source, line) for line in lines))
        editions = sheets.list_editions(table, self.expressions)
        return datasets.reader.Reading(
            source=source,
            records=records,
            edition=datasets.survey.recognise_edition(records, editions),
            editions=editions,
            sheets=[table.file],
            assumed=_ASSUMED,
        )

    def read_line(self, source: Source, line: Line) -> Record:
        """The record of a row that was checked."""
        return line.record(
            source,
            subject=sheets.read_subject(line),
            clip=_RECORDING,
            video=_RECORDING,
            apex="",
            fps=shared.FPS,
            expression_type=sheets.check_line(line),
            modality="rgb",
            extra={"count": line["count"], "risk": line["risk"]},
        )

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/01/a/color` is a recording; `…/01/2/color` and `…/01/color/01_2` are expressions."""
        steps = [path for path in (folder, *folder.parents) if path.name.lower() != "color"]
        inner, person = steps[:2]
        number = sheets.parse_subject(person.name)
        if number is None or not person.is_relative_to(root) or not shared.is_colour(root, folder):
            return None
        counted = _COUNTED.fullmatch(inner.name)
        if not counted and not re.fullmatch("[a-z]", inner.name, re.IGNORECASE):
            return None
        kind, key = ("me_only", f"{number}/{int(counted[1])}") if counted else ("long", number)
        base = person.parent
        return datasets.folders.Place(base, datasets.folders.kind_of(base, root, _WORDS, kind), key)

    def key_in(self, tree: Tree | None) -> Callable[[Record], str]:
        """Finds the folder of a record: that of its count, or else the subject's recording."""
        folders = tree.folders if tree else {}

        def key_of(record: Record) -> str:
            counted = f"{record.subject}/{record.extra['count']}"
            return counted if counted in folders else record.subject

        return key_of


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("casme3_c", CASME3C, paper="doi:10.1109/TPAMI.2022.3174895")
