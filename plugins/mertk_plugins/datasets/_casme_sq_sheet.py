"""The annotation file of CAS(ME)^2: sheets without headers, and the names that they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import mertk
from mertk import datasets

Wanted = Literal["micro", "macro", "all"]
"""Which expressions are read."""

_NAMES = ("CAS(ME)^2code_final(Updated).xlsx", "CAS(ME)^2code_final.xlsx", "code_final.xlsx")
_FILE = r"code[ _-]*final"
_RULE = "naming rule"
_FIELDS = (
    "participant",
    "clip",
    "onset",
    "apex",
    "offset",
    "au",
    "valence",
    "type",
    "self_report",
)
_CLIP = re.compile(r"(?P<stimulus>[a-z]+[0-9]+)_[0-9]+", re.IGNORECASE)
_TYPE = re.compile(r"(micro|macro)(?:[ -]*expression)?", re.IGNORECASE)
_ENOUGH = 2  # of participant, clip and type: so many can be told from a summary

_FOLDERS = (
    15,
    16,
    19,
    20,
    21,
    22,
    23,
    24,
    25,
    26,
    27,
    29,
    30,
    31,
    32,
    33,
    34,
    35,
    36,
    37,
    38,
    40,
)
_STIMULI = {
    "disgust1": "0101",
    "disgust2": "0102",
    "anger1": "0401",
    "anger2": "0402",
    "happy1": "0502",
    "happy2": "0503",
    "happy3": "0505",
    "happy4": "0507",
    "happy5": "0508",
}

_LABELS: Mapping[Wanted, Mapping[str, int]] = {
    "micro": {"negative": 21, "others": 19, "surprise": 9, "positive": 8},
    "macro": {"negative": 105, "others": 63, "surprise": 16, "positive": 116},
    "all": {"negative": 126, "others": 82, "surprise": 25, "positive": 124},
}
_PEOPLE: Mapping[Wanted, int | None] = {"micro": 14, "macro": None, "all": 22}


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One row as text; `subject` is canonical (`s15`), `stimulus` the code of the film shown."""

    row: int
    subject: str
    participant: str
    clip: str
    stimulus: str
    onset: str
    apex: str
    offset: str
    au: str
    valence: str
    kind: Literal["micro", "macro"]
    self_report: str


@dataclass(frozen=True, slots=True)
class Coding:
    """All rows of a file, and what was made of what it leaves open."""

    file: Path
    rows: tuple[Annotation, ...]
    assumed: tuple[str, ...]


def read_coding(found: datasets.folders.Found, wanted: str | None, layout: str) -> Coding:
    """The annotation file; raises `DataError` where there is none, or a row of it cannot be."""
    named = datasets.folders.choose_sheet("casme_sq", found, _FILE, _NAMES, wanted)
    file = datasets.folders.need_sheet("casme_sq", found, named, layout)
    sheets = datasets.spreadsheets.read_sheets(file)
    title, cells = _find_code_sheet(file, sheets)
    table = datasets.spreadsheets.Table(file, title, {field: field for field in _FIELDS}, ())
    people, stimuli = _read_participants(file, sheets), _read_stimuli(sheets)
    rows, skipped = [], []
    for number, line in enumerate(cells, 1):
        row = datasets.spreadsheets.Row(number, dict(zip(_FIELDS, line, strict=False)))
        if _is_expression(row):
            rows.append(_parse_row(table, row, people, stimuli))
        elif any(line):
            skipped.append(str(number))
    if not rows:
        raise mertk.DataError(f"{table.place()}: no row such as 1 | anger1_1 | 557 | 572 | 608 …")
    remark = f"rows that annotate no expression are left out: {', '.join(skipped)}"
    return Coding(file, tuple(rows), (remark,) if skipped else ())


def _find_code_sheet(
    file: Path, sheets: Mapping[str, datasets.spreadsheets.Cells]
) -> tuple[str, datasets.spreadsheets.Cells]:
    """The sheet of the codes: the first that is no naming rule and not empty."""
    for title, cells in sheets.items():
        if _RULE not in title.lower() and any(any(line) for line in cells):
            return title, cells
    raise mertk.DataError(f"{file}: no sheet of codes; sheets: {', '.join(sheets)}")


def _is_expression(row: datasets.spreadsheets.Row) -> bool:
    """Whether a row is no summary or header: most of what makes an expression is there."""
    looks = (
        _parse_number(row["participant"]) is not None,
        _CLIP.fullmatch(row["clip"]),
        _TYPE.fullmatch(row["type"]),
    )
    return sum(map(bool, looks)) >= _ENOUGH


def _parse_row(
    table: datasets.spreadsheets.Table,
    row: datasets.spreadsheets.Row,
    people: Mapping[int, str],
    stimuli: Mapping[str, str],
) -> Annotation:
    number, clip, kind = (
        _parse_number(row["participant"]),
        _CLIP.fullmatch(row["clip"]),
        _TYPE.fullmatch(row["type"]),
    )
    if number is None or number not in people:
        raise _make_cell_error(
            table, row, "participant", "no participant that 'naming rule1' knows"
        )
    if not clip or clip["stimulus"].lower() not in stimuli:
        raise _make_cell_error(
            table, row, "clip", f"no clip such as anger1_1; films: {', '.join(stimuli)}"
        )
    if not kind:
        raise _make_cell_error(table, row, "type", "neither macro-expression nor micro-expression")
    if not row["valence"]:
        raise _make_cell_error(table, row, "valence", "no emotion")
    return Annotation(
        row=row.number,
        subject=people[number],
        stimulus=stimuli[clip["stimulus"].lower()],
        kind="micro" if kind[1].lower() == "micro" else "macro",
        **{field: row[field] for field in _FIELDS if field != "type"},
    )


def _make_cell_error(
    table: datasets.spreadsheets.Table, row: datasets.spreadsheets.Row, field: str, why: str
) -> mertk.DataError:
    return mertk.DataError(f"{table.place(row, field)}: '{row[field]}' is {why}")


def _parse_number(text: str) -> int | None:
    found = re.fullmatch(r"0*([0-9]{1,2})(?:\.0+)?", text)
    return int(found[1]) if found else None


def _read_participants(
    file: Path, sheets: Mapping[str, datasets.spreadsheets.Cells]
) -> dict[int, str]:
    """Participants 1–22 and their folders, from rows such as `15 | s15 | 1`, else built in."""
    found: dict[int, str] = {}
    for title, cells in _find_rule_sheets(sheets, "1"):
        for at, line in enumerate(cells, 1):
            folder = parse_subject(line[1]) if len(line) > 2 else None
            number = _parse_number(line[2]) if folder else None
            if folder and number is not None and found.setdefault(number, folder) != folder:
                raise mertk.DataError(
                    f"{file}, sheet '{title}', row {at}: participant {number} is {folder} here but "
                    f"{found[number]} above"
                )
    return {at: f"s{folder:02d}" for at, folder in enumerate(_FOLDERS, 1)} | found


def _read_stimuli(sheets: Mapping[str, datasets.spreadsheets.Cells]) -> dict[str, str]:
    """Names of films and their codes, from rows such as `0101 | disgust1`, else built in."""
    found = {}
    for _, cells in _find_rule_sheets(sheets, "2"):
        for code, name in (line[:2] for line in cells if len(line) > 1):
            if re.fullmatch(r"[0-9]{3,4}", code) and name:  # as a number it has lost its zero
                found[name.lower()] = code.zfill(4)
    return _STIMULI | found


def _find_rule_sheets(
    sheets: Mapping[str, datasets.spreadsheets.Cells], number: str
) -> list[tuple[str, datasets.spreadsheets.Cells]]:
    wanted = f"{_RULE}{number}"
    return [
        (title, cells)
        for title, cells in sheets.items()
        if title.lower().replace(f"{_RULE} ", _RULE) == wanted
    ]


def parse_subject(text: str) -> str | None:
    """The canonical name, `s15`, of `s15` or `15`; None for anything else."""
    found = re.fullmatch(r"(?:s(?:ub)?[ _-]?)?0*([0-9]{1,3})", text, re.IGNORECASE)
    return f"s{int(found[1]):02d}" if found else None


def select_rows(coding: Coding, expressions: Wanted) -> list[Annotation]:
    """The rows of these expressions; raises `DataError` where there are none."""
    fits = [row for row in coding.rows if expressions in ("all", row.kind)]
    if not fits:
        raise mertk.DataError(f"{coding.file}: no rows for expressions={expressions}")
    return fits


def list_editions(expressions: Wanted) -> list[datasets.survey.Edition]:
    """The published editions: they differ in their AUs alone."""
    labels = _LABELS[expressions]
    return [
        datasets.survey.Edition(name, sum(labels.values()), _PEOPLE[expressions], labels)
        for name in ("updated", "original")
    ]


def recognise_edition(
    rows: Sequence[Annotation],
    records: Sequence[datasets.record.Record],
    known: Sequence[datasets.survey.Edition],
) -> str:
    """Which published edition the rows are; only the updated one has NULL, 'or' and lists of AUs.

    `rows` are all of the file, `records` those that are read.
    """
    updated = any(re.search(r"null|or|,", row.au, re.IGNORECASE) for row in rows)
    name = "updated" if updated else "original"
    return datasets.survey.recognise_edition(records, [one for one in known if one.name == name])
