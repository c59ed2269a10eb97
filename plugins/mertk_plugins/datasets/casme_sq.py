"""CAS(ME)^2: 57 micro- and 300 macro-expressions of 22 people at 30 frames a second."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _casme_sq_sheet as sheet

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.corrections import Repair
    from mertk.datasets.record import Record

LAYOUT = (
    "The folder should hold CAS(ME)^2code_final(Updated).xlsx or CAS(ME)^2code_final.xlsx and a "
    "tree of frames: rawpic with s15/15_0101disgustingteeth/img001.jpg, or cropped with "
    "15/anger1_1/img572.jpg. Videos (avi) are not read."
)
KINDS = ("raw", "selected", "cropped", "long_cropped")
"""Kinds of frame trees, the preferred one first."""

_FPS = 30.0
_VIDEO = re.compile(r"0*(?P<subject>[0-9]+)_(?P<code>[0-9]{4})")
_CLIP = re.compile(r"[a-z]+[0-9]+_[0-9]+", re.IGNORECASE)
_WORDS = {"crop": "cropped"}
_NO_FRAME = datasets.annotations.NO_FRAME | {"0"}  # frames are counted from 1
_EYES_CLOSED = (43,)
_SELECTED = "selectedpic holds folders of expressions such as s15/anger1_1"
_REPAIRS = Path(__file__).with_name("_casme_sq_repairs.csv")


class CASMESquared:
    """CAS(ME)^2, from its spreadsheet and one of its frame trees; the label is the valence.

    Args:
        expressions: which expressions are read: `micro`, `macro` or `all`.
        tree: which frames are read: `raw` (whole recordings), `selected` or `cropped` (single
            expressions), `long_cropped` (whole recordings of the face), or with `auto` the first of
            these that exists.
        repair, missing, sheet: see `mertk_plugins.datasets`.
    """

    default_protocol = "casme_sq_4"
    obtain = "casme.psych.ac.cn/casme/e3 (agreement signed by a permanent member of staff)"

    def __init__(
        self,
        *,
        expressions: sheet.Wanted = "micro",
        tree: Literal["auto", "raw", "selected", "cropped", "long_cropped"] = "auto",
        repair: Literal["none", "official", "recommended"] = "recommended",
        missing: Literal["error", "skip"] = "error",
        sheet: str | None = None,
    ) -> None:
        self.expressions = expressions
        self.tree: Literal["auto", "raw", "selected", "cropped", "long_cropped"] = tree
        self.repair: datasets.corrections.Level = repair
        self.missing: Literal["error", "skip"] = missing
        self.sheet = sheet

    def index(self, root: Path | None, /) -> Sequence[mertk.Clip]:
        """One clip per row of the spreadsheet; raises `DataError` where the folder is not right."""
        return datasets.survey.usable(self.survey(root), self.missing)

    def survey(self, root: Path | None, /) -> datasets.survey.Survey:
        """Everything that can be said about a folder, with problems listed instead of raised."""
        found = datasets.folders.explore("casme_sq", root, LAYOUT)
        coding = sheet.coding(found, self.sheet, LAYOUT)
        source = datasets.annotations.Source(
            dataset="casme_sq",
            root=found.root,
            repairs=_repairs(coding.rows),
            level=self.repair,
            no_frame=_NO_FRAME,
        )
        records = [_record(source, row) for row in sheet.chosen(coding, self.expressions)]
        trees = datasets.folders.trees(found, functools.partial(_place, found.root))
        tree, no_tree = datasets.folders.choose_tree("casme_sq", found, trees, KINDS, self.tree)
        editions = sheet.editions(self.expressions)
        return datasets.survey.survey(
            source,
            records,
            tree=tree,
            no_tree=no_tree,
            key=functools.partial(_key, tree.folders if tree else {}),
            layout=LAYOUT,
            edition=sheet.edition(coding.rows, records, editions),
            editions=editions,
            sheets=[coding.file],
            assumed=[*coding.assumed, *([_SELECTED] if tree and tree.kind == "selected" else [])],
        )


def _repairs(rows: Sequence[sheet.Annotation]) -> Mapping[str, tuple[Repair, ...]]:
    """The table of known errors, and one row for every macro-expression without an offset."""
    found = dict(datasets.corrections.read(_REPAIRS))
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


def _record(source: Source, row: sheet.Annotation) -> Record:
    self_report = datasets.record.canonical_emotion(row.self_report)
    record = datasets.annotations.annotated(
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
        fps=_FPS,
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


def _place(root: Path, folder: Path) -> datasets.folders.Place | None:
    """`…/s15/15_0101disgustingteeth` is a recording and `…/15/anger1_1` an expression."""
    video = _VIDEO.match(folder.name)
    person = sheet.subject(folder.parent.name) if folder.parent != root else None
    if folder == root or not (video or (person and _CLIP.fullmatch(folder.name))):
        return None
    base = folder.parent.parent if person else folder.parent
    cropped = datasets.folders.kind_of(base, root, _WORDS, "") == "cropped"
    if video:
        key = f"{sheet.subject(video['subject'])}/{video['code']}"
        return datasets.folders.Place(base, "long_cropped" if cropped else "raw", key)
    key = f"{person}/{folder.name}".lower()
    return datasets.folders.Place(base, "cropped" if cropped else "selected", key)


def _key(folders: Mapping[str, Path], record: Record) -> str:
    """The folder of an expression, or else the recording that it is in."""
    alone = f"{record.subject}/{record.clip}".lower()
    return alone if alone in folders else f"{record.subject}/{record.inducement}"


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("casme_sq", CASMESquared, paper="doi:10.1109/TAFFC.2017.2654440")
