"""The annotation files of CAS(ME)^3 part C: their columns, which rows count, and the edition."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import mertk
from mertk import datasets
from mertk_plugins.datasets._casme3_shared import Kind, Wanted

if TYPE_CHECKING:
    from mertk.datasets.reader import Line
    from mertk.datasets.spreadsheets import Table

_ME = "CAS(ME)3_part_C_ME.xlsx"
_BOTH = "CAS(ME)3_part_C.xls"
NAMES: Mapping[Wanted, tuple[str, ...]] = {
    "micro": (_ME, _BOTH),
    "macro": (_BOTH,),
    "all": (_BOTH,),
}
_SUBJECT = re.compile(r"(?:sub(?:ject)?[ _-]*)?0*([0-9]{1,3})(?:\.0+)?", re.IGNORECASE)

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "subject": ("sub", "subject", "subid"),
    "onset": ("onset", "startframe"),
    "offset": ("offset", "endframe"),
}
OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "count": ("count",),
    "au": ("au", "aus", "actionunits"),
    "emotion": ("emotion",),
    "type": ("exptype",),
    "risk": ("risk",),
}
_TYPES: Mapping[str, Kind] = {"1": "micro", "0": "macro"}

_EMOTIONS = datasets.survey.Edition(
    "part_C_ME", 165, 30, {"negative": 99, "surprise": 30, "others": 20, "positive": 16}
)
_ROWS: Mapping[Wanted, int] = {"micro": 160, "macro": 303, "all": 463}


def parse_subject(text: str) -> str | None:
    """The canonical name, `01`, of `1`, `01` or `sub1`; None for anything else."""
    found = _SUBJECT.fullmatch(text)
    return f"{int(found[1]):02d}" if found else None


def choose_lines(table: Table, lines: Sequence[Line], expressions: Wanted) -> list[Line]:
    """The rows of these expressions; raises `DataError` where there are none, or cells are bad."""
    kinds = [check_line(line) for line in lines]
    fits = [line for line, kind in zip(lines, kinds, strict=True) if expressions in ("all", kind)]
    if not fits or (expressions == "all" and not table.optional(*OPTIONAL["type"])):
        raise mertk.DataError(
            f"{table.place()}: no rows for expressions={expressions}; {_ME} holds the "
            f"micro-expressions, {_BOTH} both"
        )
    return fits


def read_subject(line: Line) -> str:
    """The canonical name of a subject; raises `DataError` where the cell is none."""
    person = parse_subject(line["subject"])
    if person is None:
        raise line.wrong("subject", "is not a subject such as 1")
    return person


def check_line(line: Line) -> Kind:
    """The type of an expression; raises `DataError` where a cell cannot be what it should."""
    read_subject(line)
    if line.columns["emotion"]:
        line.need("emotion")
    kind = _TYPES.get(line["type"]) if line.columns["type"] else "micro"
    if kind is None:
        raise line.wrong("type", "is neither 1 (micro) nor 0 (macro)")
    return kind


def list_editions(table: Table, expressions: Wanted) -> Sequence[datasets.survey.Edition]:
    """The published edition that a file of this kind may be."""
    if "emotion" in table.columns:
        return (_EMOTIONS,)
    return (datasets.survey.Edition("part_C", _ROWS[expressions]),)
