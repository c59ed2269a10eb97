"""CAS(ME)^2: 57 micro- and 300 macro-expressions of 22 people at 30 frames a second."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import mertk
from mertk import datasets
from mertk.datasets.annotations import Source
from mertk.datasets.corrections import Repair
from mertk.datasets.folders import Found, Place, Tree
from mertk.datasets.reader import Line, NameForm
from mertk.datasets.record import Record
from mertk.datasets.spreadsheets import Cells, Row, Table
from mertk.datasets.survey import Reading

Wanted = Literal["micro", "macro", "all"]  # which expressions are read

_HERE = Path(__file__)
_PUBLISHED = datasets.reader.read_published(_HERE.with_name("_published.toml"))["casme_sq"]
_FIELDS = ("participant", "clip", "onset", "apex", "offset", "au", "valence", "type", "self_report")
"""The columns of the sheet of codes, which has no header."""

_COLUMNS = {field: field for field in (*_FIELDS, "subject", "stimulus")} | {"emotion": "valence"}
_SUBJECT = NameForm("(?:s(?:ub)?[ _-]?)?0*([0-9]{1,3})", "s{:0>2}")
_NUMBER = NameForm(r"0*([0-9]{1,2})(?:\.0+)?", "{}")
_CLIP = re.compile(r"(?P<stimulus>[a-z]+[0-9]+)_[0-9]+", re.IGNORECASE)
_TYPE = re.compile(r"(micro|macro)(?:[ -]*expression)?", re.IGNORECASE)
_VIDEO = re.compile(r"0*(?P<subject>[0-9]+)_(?P<code>[0-9]{4})")
_WORDS = {"crop": "cropped"}
_NO_FRAME = datasets.annotations.NO_FRAME | {"0"}  # frames are counted from 1
_EYES_CLOSED = (43,)
_SELECTED = "selectedpic holds folders of expressions such as s15/anger1_1"

_RULE = "naming rule"  # sheets 'naming rule1' (people) and 'naming rule2' (films)
_FOLDERS = (*range(15, 17), *range(19, 28), *range(29, 39), 40)
_PARTICIPANTS = {str(number): f"s{folder}" for number, folder in enumerate(_FOLDERS, 1)}
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


@dataclass(kw_only=True, eq=False)
class CASMESquared(datasets.reader.SpreadsheetReader):
    """CAS(ME)^2, from its spreadsheet and one of its frame trees; the label is the valence.

    Args:
        expressions: which expressions are read: `micro`, `macro` or `all`.
        tree: which frames are read: `raw` (whole recordings), `selected` or `cropped` (single
            expressions), `long_cropped` (whole recordings of the face), or with `auto` the first of
            these that exists.
    """

    default_protocol = "casme_sq_4"
    obtain = "casme.psych.ac.cn/casme/e3 (agreement signed by a permanent member of staff)"

    name = "casme_sq"
    layout = (
        "The folder should hold CAS(ME)^2code_final(Updated).xlsx or CAS(ME)^2code_final.xlsx and "
        "a tree of frames: rawpic with s15/15_0101disgustingteeth/img001.jpg, or cropped with "
        "15/anger1_1/img572.jpg. Videos (avi) are not read."
    )
    kinds = ("raw", "selected", "cropped", "long_cropped")
    file_pattern = r"code[ _-]*final"
    file_names = (
        "CAS(ME)^2code_final(Updated).xlsx",
        "CAS(ME)^2code_final.xlsx",
        "code_final.xlsx",
    )
    known_errors = _HERE.with_name("_casme_sq_repairs.csv")

    expressions: Wanted = "micro"
    tree: Literal["auto", "raw", "selected", "cropped", "long_cropped"] = "auto"

    def read(self, found: Found, tree: Tree | None) -> Reading:
        """The records of the expressions that are wanted; raises `DataError` if there are none."""
        file = self.find_file(found)
        lines, assumed = _read_coding(file)
        wanted = [line for line in lines if self.expressions in ("all", line["type"])]
        if not wanted:
            raise mertk.DataError(f"{file}: no rows for expressions={self.expressions}")
        repairs = _add_repairs(datasets.corrections.read_repairs(self.known_errors), lines)
        source = self.make_source(found, repairs=repairs, no_frame=_NO_FRAME)
        records = [self.read_line(source, line) for line in wanted]
        if tree is not None and tree.kind == "selected":
            assumed.append(_SELECTED)
        editions = _PUBLISHED.groups[self.expressions]
        # only the updated edition has NULL, 'or' and lists of AUs
        updated = any(re.search("null|or|,", line["au"], re.IGNORECASE) for line in lines)
        fits = [one for one in editions if one.name == ("updated" if updated else "original")]
        edition = datasets.editions.recognise_edition(records, fits)
        return Reading(source, records, editions, [file], assumed, edition)

    def read_line(self, source: Source, line: Line) -> Record:
        """The record of a row."""
        record = line.record(
            source,
            subject=line["subject"],
            subject_native=line["participant"],
            clip=line["clip"],
            video=f"{line['subject'][1:]}_{line['stimulus']}",
            inducement=line["stimulus"],
            fps=30.0,
            valence=datasets.record.canonical_emotion(line["valence"]),
            self_report=datasets.record.canonical_emotion(line["self_report"]),
            expression_type=line["type"],
            modality="rgb",
        )
        if line["type"] == "micro" and record.au_set == _EYES_CLOSED:
            return replace(record, quirks=(*record.quirks, "au43_alone"))
        return record

    def key_in(self, tree: Tree | None) -> Callable[[Record], str]:
        """Finds the folder of an expression, or else the recording that it is in."""
        folders = tree.folders if tree else {}

        def key_of(record: Record) -> str:
            alone = self.key(record)
            return alone if alone in folders else f"{record.subject}/{record.inducement}"

        return key_of

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/s15/15_0101disgustingteeth` is a recording and `…/15/anger1_1` an expression."""
        video = _VIDEO.match(folder.name)
        person = _SUBJECT.parse(folder.parent.name) if folder.parent != root else None
        if folder == root or not (video or (person and _CLIP.fullmatch(folder.name))):
            return None
        base = folder.parent.parent if person else folder.parent
        cropped = datasets.folders.kind_of(base, root, _WORDS, "") == "cropped"
        if video:
            key = f"{_SUBJECT.parse(video['subject'])}/{video['code']}"
            return datasets.folders.Place(base, "long_cropped" if cropped else "raw", key)
        key = f"{person}/{folder.name}".lower()
        return datasets.folders.Place(base, "cropped" if cropped else "selected", key)


def _read_coding(file: Path) -> tuple[list[Line], list[str]]:
    """All expressions, and what was made of the other rows; raises `DataError` for a bad row.

    In the rows, `type` is micro or macro, `subject` is canonical (`s15`), and `stimulus` is the
    code of the film that was shown.
    """
    sheets = datasets.spreadsheets.read_sheets(file)
    for title, cells in sheets.items():
        if _RULE not in title.lower() and any(map(any, cells)):
            break
    else:
        raise mertk.DataError(f"{file}: no sheet of codes; sheets: {', '.join(sheets)}")
    table = Table(file, title, dict(zip(_FIELDS, _FIELDS, strict=True)), ())
    participants, stimuli = _read_participants(file, sheets), _read_stimuli(sheets)
    lines, skipped = [], []
    for number, texts in enumerate(cells, 1):
        line = Line(table, Row(number, dict(zip(_FIELDS, texts, strict=False))), _COLUMNS)
        if _is_expression(line):
            lines.append(_resolve_names(line, participants, stimuli))
        elif any(texts):
            skipped.append(str(number))
    if not lines:
        raise mertk.DataError(f"{table.place()}: no row such as 1 | anger1_1 | 557 | 572 | 608 …")
    remark = f"rows that annotate no expression are left out: {', '.join(skipped)}"
    return lines, [remark] if skipped else []


def _is_expression(line: Line) -> bool:
    """Whether a row is no summary or header: it has two of participant, clip and type."""
    person, clip = _NUMBER.parse(line["participant"]), _CLIP.fullmatch(line["clip"])
    return sum(map(bool, (person, clip, _TYPE.fullmatch(line["type"])))) > 1


def _resolve_names(line: Line, participants: Mapping[str, str], stimuli: Mapping[str, str]) -> Line:
    clip, kind = _CLIP.fullmatch(line["clip"]), _TYPE.fullmatch(line["type"])
    subject = participants.get(_NUMBER.parse(line["participant"]) or "")
    stimulus = stimuli.get(clip["stimulus"].lower()) if clip else None
    if subject is None:
        raise line.wrong("participant", "is no participant that 'naming rule1' knows")
    if stimulus is None:
        raise line.wrong("clip", f"is no clip such as anger1_1; films: {', '.join(stimuli)}")
    if kind is None:
        raise line.wrong("type", "is neither macro-expression nor micro-expression")
    if not line["valence"]:
        raise line.wrong("valence", "is no emotion")
    resolved = {"subject": subject, "stimulus": stimulus, "type": kind[1].lower()}
    return replace(line, row=Row(line.row.number, {**line.row.cells, **resolved}))


def _read_participants(file: Path, sheets: Mapping[str, Cells]) -> dict[str, str]:
    """Participants 1–22 and their folders, from rows such as `15 | s15 | 1`, else built in."""
    found: dict[str, str] = {}
    for title, cells in _find_rule_sheets(sheets, "1"):
        for at, texts in enumerate(cells, 1):
            folder = _SUBJECT.parse(texts[1]) if len(texts) > 2 else None
            number = _NUMBER.parse(texts[2]) if folder else None
            if folder and number and found.setdefault(number, folder) != folder:
                raise mertk.DataError(
                    f"{file}, sheet '{title}', row {at}: participant {number} is {folder} here but "
                    f"{found[number]} above"
                )
    return _PARTICIPANTS | found


def _read_stimuli(sheets: Mapping[str, Cells]) -> dict[str, str]:
    """Names of films and their codes, from rows such as `0101 | disgust1`, else built in."""
    found = {}
    for _, cells in _find_rule_sheets(sheets, "2"):
        for code, name, *_ in ([*texts, "", ""] for texts in cells):
            if re.fullmatch(r"[0-9]{3,4}", code) and name:  # as a number it has lost its zero
                found[name.lower()] = code.zfill(4)
    return _STIMULI | found


def _find_rule_sheets(sheets: Mapping[str, Cells], number: str) -> list[tuple[str, Cells]]:
    names = {f"{_RULE}{number}", f"{_RULE} {number}"}
    return [(title, cells) for title, cells in sheets.items() if title.lower() in names]


def _add_repairs(
    known: Mapping[str, tuple[Repair, ...]], lines: Iterable[Line]
) -> Mapping[str, tuple[Repair, ...]]:
    """The table of known errors, and one row for every macro-expression without an offset."""
    found = dict(known)
    for line in lines:
        if line["offset"] == "0":
            key = f"{line['subject']}/{line['clip']}"
            repair = Repair(
                editions="original updated",
                clip=key,
                field="offset",
                published="0",
                value=line["apex"],
                level="official",
                quirk="offset_is_apex",
                evidence="the ground truth of MEGC 2020 ends such expressions at their apex",
            )
            found[key] = (*found.get(key, ()), repair)
    return found


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("casme_sq", CASMESquared, paper="doi:10.1109/TAFFC.2017.2654440")
