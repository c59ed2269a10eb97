"""CAS(ME)^2: 57 micro- and 300 macro-expressions of 22 people at 30 frames a second."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _casme_sq_sheet as sheets

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.corrections import Repair
    from mertk.datasets.folders import Found, Place, Tree
    from mertk.datasets.reader import Reading
    from mertk.datasets.record import Record

_VIDEO = re.compile(r"0*(?P<subject>[0-9]+)_(?P<code>[0-9]{4})")
_CLIP = re.compile(r"[a-z]+[0-9]+_[0-9]+", re.IGNORECASE)
_WORDS = {"crop": "cropped"}
_NO_FRAME = datasets.annotations.NO_FRAME | {"0"}  # frames are counted from 1
_EYES_CLOSED = (43,)
_SELECTED = "selectedpic holds folders of expressions such as s15/anger1_1"


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
    known_errors = Path(__file__).with_name("_casme_sq_repairs.csv")

    expressions: sheets.Wanted = "micro"
    tree: Literal["auto", "raw", "selected", "cropped", "long_cropped"] = "auto"

    def read(self, found: Found, tree: Tree | None) -> Reading:
        """The records of the expressions that are wanted; raises `DataError` if there are none."""
        coding = sheets.read_coding(found, self.sheet, self.layout)
        repairs = _list_repairs(datasets.corrections.read_repairs(self.known_errors), coding.rows)
        source = self.make_source(found, repairs=repairs, no_frame=_NO_FRAME)
        records = [
            _make_record(source, row) for row in sheets.select_rows(coding, self.expressions)
        ]
        editions = sheets.list_editions(self.expressions)
        selected = tree is not None and tree.kind == "selected"
        return datasets.reader.Reading(
            source=source,
            records=records,
            edition=sheets.recognise_edition(coding.rows, records, editions),
            editions=editions,
            sheets=[coding.file],
            assumed=[*coding.assumed, *([_SELECTED] if selected else [])],
        )

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
        person = sheets.parse_subject(folder.parent.name) if folder.parent != root else None
        if folder == root or not (video or (person and _CLIP.fullmatch(folder.name))):
            return None
        base = folder.parent.parent if person else folder.parent
        cropped = datasets.folders.kind_of(base, root, _WORDS, "") == "cropped"
        if video:
            key = f"{sheets.parse_subject(video['subject'])}/{video['code']}"
            return datasets.folders.Place(base, "long_cropped" if cropped else "raw", key)
        key = f"{person}/{folder.name}".lower()
        return datasets.folders.Place(base, "cropped" if cropped else "selected", key)


def _list_repairs(
    known: Mapping[str, tuple[Repair, ...]], rows: Sequence[sheets.Annotation]
) -> Mapping[str, tuple[Repair, ...]]:
    """The table of known errors, and one row for every macro-expression without an offset."""
    found = dict(known)
    for row in rows:
        if row.offset == "0":
            key = f"{row.subject}/{row.clip}"
            repair = datasets.corrections.Repair(
                editions="original updated",
                clip=key,
                field="offset",
                published="0",
                value=row.apex,
                level="official",
                quirk="offset_is_apex",
                evidence="the ground truth of MEGC 2020 ends such expressions at their apex",
            )
            found[key] = (*found.get(key, ()), repair)
    return found


def _make_record(source: Source, row: sheets.Annotation) -> Record:
    self_report = datasets.record.canonical_emotion(row.self_report)
    record = datasets.annotations.make_record(
        source,
        place=f"row {row.row}",
        subject=row.subject,
        subject_native=row.participant,
        clip=row.clip,
        video=f"{row.subject[1:]}_{row.stimulus}",
        inducement=row.stimulus,
        onset=row.onset,
        apex=row.apex,
        offset=row.offset,
        fps=30.0,
        emotion=row.valence,
        valence=datasets.record.canonical_emotion(row.valence),
        self_report=self_report,
        au=row.au,
        expression_type=row.kind,
        modality="rgb",
    )
    if row.kind == "micro" and record.au_set == _EYES_CLOSED:
        return replace(record, quirks=(*record.quirks, "au43_alone"))
    return record


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("casme_sq", CASMESquared, paper="doi:10.1109/TAFFC.2017.2654440")
