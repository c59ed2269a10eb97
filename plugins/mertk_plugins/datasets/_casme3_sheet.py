"""The annotation files of CAS(ME)^3 part A: their columns, which rows count, and the edition."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import mertk
from mertk import datasets
from mertk_plugins.datasets._casme3_folders import parse_subject
from mertk_plugins.datasets._casme3_shared import Kind, Wanted

if TYPE_CHECKING:
    from mertk.datasets.reader import Line
    from mertk.datasets.spreadsheets import Table

_ME_V2 = "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
_ME_V1 = "cas(me)3_part_A_ME_label_JpgIndex_v1.xls"
_BOTH_V2 = "CAS(ME)3_part_A_v2.xls"
_BOTH_V1 = "CAS(ME)3_part_A_v1.xls"
_MACRO = "cas(me)3_part_A_MaE_label_JpgIndex_v2_emotion.xlsx"
NAMES: Mapping[Wanted, tuple[str, ...]] = {
    "micro": (_ME_V2, _ME_V1, _BOTH_V2, _BOTH_V1),
    "macro": (_MACRO, _BOTH_V2, _BOTH_V1),
    "all": (_BOTH_V2, _BOTH_V1),
}
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "subject": ("subject", "sub", "subid"),
    "letter": ("filename", "seq"),
    "onset": ("onset", "onsetframe"),
    "apex": ("apex", "apexframe"),
    "offset": ("offset", "offsetframe"),
}
OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "au": ("au", "aus", "actionunits"),
    "type": ("expressiontype", "type"),
    "objective": ("objectiveclass", "objectiveclasses"),
    "emotion": ("emotion", "estimatedemotion"),
}
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7}
_TYPE = re.compile(r"(micro|macro)(?:[ -]*expression)?", re.IGNORECASE)

_LABELS = {
    "disgust": 250,
    "surprise": 187,
    "others": 161,
    "fear": 86,
    "anger": 64,
    "sadness": 57,
    "happiness": 55,
}
_COUNTS: Mapping[str, Mapping[Wanted, int]] = {
    "part_A_v2": {"micro": 860, "macro": 3346, "all": 4206},
    "part_A_v1": {"micro": 921, "macro": 3285, "all": 4206},
}
_PEOPLE: Mapping[str, Mapping[Wanted, int]] = {"part_A_v2": {"micro": 94, "all": 98}}
_MICRO_ONLY = (
    datasets.survey.Edition("v2", 860, 94, _LABELS),
    datasets.survey.Edition("v1", 921),
)


def read_subject(line: Line) -> str:
    """The canonical name of a subject; raises `DataError` where the cell is none."""
    person = parse_subject(line["subject"])
    if person is None:
        raise line.wrong("subject", "is not a subject such as spNO.1")
    return person


def check_line(line: Line) -> Kind:
    """The type of an expression; raises `DataError` where a cell cannot be what it should."""
    read_subject(line)
    if not re.fullmatch(r"[A-Za-z]", line["letter"]):
        raise line.wrong("letter", "is not a letter a … m")
    if line.columns["emotion"]:
        line.need("emotion")
    return _parse_kind(line)


def read_class(line: Line) -> int | None:
    """The objective class, 1–7, or None where the column is missing or empty."""
    return _ROMAN.get(line["objective"].upper())


def _parse_kind(line: Line) -> Kind:
    """Files without a column of types hold one type alone."""
    if not line.columns["type"]:
        return "macro" if _is_macro(line.table.file) else "micro"
    found = _TYPE.fullmatch(line["type"])
    if not found:
        raise line.wrong("type", "is neither Micro-expression nor Macro-expression")
    return "micro" if found[1].lower() == "micro" else "macro"


def _is_macro(file: Path) -> bool:
    return re.search(r"(?<![a-z])mae(?![a-z])", file.name, re.IGNORECASE) is not None


def choose_lines(
    table: Table, lines: Sequence[Line], kinds: Sequence[Kind], expressions: Wanted
) -> list[Line]:
    """The rows of these expressions; raises `DataError` where there are none."""
    fits = [line for line, kind in zip(lines, kinds, strict=True) if expressions in ("all", kind)]
    typed = any(name in table.columns for name in OPTIONAL["type"])
    if not fits or (expressions == "all" and not typed):
        held = " and ".join(sorted(set(kinds)))
        raise mertk.DataError(
            f"{table.file}: holds {held}-expressions alone, but expressions={expressions} is asked "
            f"for; {_BOTH_V2} has both"
        )
    return fits


def list_editions(table: Table, expressions: Wanted) -> list[datasets.survey.Edition]:
    """The published editions that a file of this kind may be; none are known of the macro file."""
    if "emotion" in table.columns:
        return list(_MICRO_ONLY) if not _is_macro(table.file) else []
    return [
        datasets.survey.Edition(name, counts[expressions], _PEOPLE.get(name, {}).get(expressions))
        for name, counts in _COUNTS.items()
    ]


def recognise(
    kinds: Sequence[Kind],
    records: Sequence[datasets.record.Record],
    known: Sequence[datasets.survey.Edition],
) -> str:
    """The name of the edition; `kinds` are of all rows, `records` those that are read."""
    counts = Counter(kinds)
    fits = [
        one
        for one in known
        if one.name not in _COUNTS
        or all(counts[kind] == _COUNTS[one.name][kind] for kind in ("micro", "macro"))
    ]
    return datasets.survey.recognise_edition(records, fits)
