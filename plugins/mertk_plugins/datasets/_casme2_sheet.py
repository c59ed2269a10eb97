"""The annotation spreadsheet of CASME II: its subjects and classes, and which edition it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mertk import datasets

if TYPE_CHECKING:
    from mertk.datasets.reader import Line
    from mertk.datasets.record import Record
    from mertk.datasets.spreadsheets import Table

OBJECTIVE = ("objectiveclasses", "objectiveclass")
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7}

_SAME = {"others": 99, "disgust": 63, "happiness": 32, "repression": 27, "fear": 2}
EDITIONS = (
    datasets.survey.Edition("20190701", 255, 26, {**_SAME, "surprise": 28, "sadness": 4}),
    datasets.survey.Edition("20140508", 255, 26, {**_SAME, "surprise": 25, "sadness": 7}),
    datasets.survey.Edition("updated", 256, 26),
    datasets.survey.Edition("label_Ver_2", 255, 26),
)


def read_subject(line: Line) -> int:
    """1 … 26; raises `DataError` where the cell is no subject."""
    number = re.fullmatch(r"(?:sub(?:ject)?[ _-]*)?0*(\d+)(?:\.0+)?", line["subject"].lower())
    if not number:
        raise line.wrong("subject", "is not a subject such as 1, 01 or sub01")
    return int(number[1])


def read_class(line: Line) -> int | None:
    """The objective class, 1–7, or None where the column is missing or holds none."""
    text = line["objective"]
    roman = _ROMAN.get(text.upper())
    return roman or (int(text) if text in {"1", "2", "3", "4", "5", "6", "7"} else None)


def read_megc2018(table: Table) -> dict[str, str]:
    """The objective classes of MEGC 2018, '1'–'7', by clip (`sub01/EP02_01f`).

    They are not those of the 2019 spreadsheet. Raises `DataError` where a class is none.
    """
    known = {**datasets.reader.COLUMNS, "objective": OBJECTIVE}
    columns = {what: table.column(*known[what]) for what in ("subject", "clip", "objective")}
    found = {}
    for row in table.rows:
        line = datasets.reader.Line(table, row, columns)
        number = read_class(line)
        if number is None:
            raise line.wrong("objective", "is not a class 1 … 7")
        found[f"sub{read_subject(line):02d}/{line['clip']}"] = str(number)
    return found


def recognise(table: Table, records: Sequence[Record]) -> str:
    """Which published edition the rows are, by their header and counts.

    `20140508`, `20190701`, `updated` (256 rows, with sub24/EP02_07), `label_Ver_2` (255 or 256
    rows with the older frames), or `unrecognised`.
    """
    clips = {f"{record.subject}/{record.clip}": record.onset_raw for record in records}
    if len(records) == 256 and "sub24/EP02_07" in clips:
        return "updated"
    if len(records) in (255, 256) and clips.get("sub12/EP09_02") == "161":
        return "label_Ver_2"
    has_objective = any(name in table.columns for name in OBJECTIVE)
    allowed = ["20190701"] if has_objective else ["20140508"]
    return datasets.survey.recognise_edition(records, [e for e in EDITIONS if e.name in allowed])
