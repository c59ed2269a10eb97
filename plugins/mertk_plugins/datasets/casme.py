"""CASME, the first of its name: 195 spontaneous micro-expressions at 60 frames a second."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _casme_sheet as sheet

LAYOUT = (
    "The folder should hold casme.xlsx, or Section A.xls and Section B.xls, and a tree of frames "
    "(CASME_raw_selected, Section A and Section B, or Cropped) with pictures such as "
    "sub01/EP01_12/EP01_12-73.jpg (reg_EP01_12-73.jpg in Cropped)."
)
KINDS = ("raw", "cropped")
"""Kinds of frame trees, the preferred one first."""

_FPS = 60.0
_LAST_OF_SECTION_A = 7  # people 1–7 were filmed with one camera, 8–19 with another
_SUBJECT = re.compile(r"sub(?:ject)?[ _-]*0*([0-9]+)", re.IGNORECASE)
_SECTION = re.compile(r"(?:casme|section)[ _-]*[ab]", re.IGNORECASE)
_WORDS = {"crop": "cropped", "raw": "raw", "select": "raw"}
_NO_FRAME = datasets.annotations.NO_FRAME | {"\\"}
_REPAIRS = Path(__file__).with_name("_casme_repairs.csv")


class CASME:
    """CASME, from its spreadsheets and one of its frame trees.

    A folder may hold several micro-expressions; clips are always cut to onset … offset. A clip
    without an annotated offset counts as one without frames.

    Args:
        tree: which frames are read: `raw`, `cropped`, or with `auto` the first of these that
            exists.
        repair, missing, sheet: see `mertk_plugins.datasets`.
    """

    default_protocol = "casme_4"
    obtain = "casme.psych.ac.cn/casme/e1 (agreement signed by a permanent member of staff)"

    def __init__(
        self,
        *,
        tree: Literal["auto", "raw", "cropped"] = "auto",
        repair: Literal["none", "official", "recommended"] = "recommended",
        missing: Literal["error", "skip"] = "error",
        sheet: str | None = None,
    ) -> None:
        self.tree: Literal["auto", "raw", "cropped"] = tree
        self.repair: datasets.corrections.Level = repair
        self.missing: Literal["error", "skip"] = missing
        self.sheet = sheet

    def index(self, root: Path | None, /) -> Sequence[mertk.Clip]:
        """One clip per row of the spreadsheet; raises `DataError` where the folder is not right."""
        return datasets.survey.usable(self.survey(root), self.missing)

    def survey(self, root: Path | None, /) -> datasets.survey.Survey:
        """Everything that can be said about a folder, with problems listed instead of raised."""
        found = datasets.folders.explore("casme", root, LAYOUT)
        tables = sheet.tables(found, self.sheet, LAYOUT)
        absent = {"offset": "offset_missing", "au": "au_unknown"}
        source = datasets.annotations.Source(
            dataset="casme",
            root=found.root,
            repairs=datasets.corrections.read(_REPAIRS),
            level=self.repair,
            no_frame=_NO_FRAME,
            unremarkable=frozenset(
                q for field, q in absent.items() if not sheet.has(tables, field)
            ),
        )
        records = [_record(source, row) for table in tables for row in sheet.annotated(table)]
        place = functools.partial(_place, found.root)
        trees = datasets.folders.trees(found, place)
        tree, no_tree = datasets.folders.choose_tree("casme", found, trees, KINDS, self.tree)
        return datasets.survey.survey(
            source,
            records,
            tree=tree,
            no_tree=no_tree,
            key=lambda record: f"{record.subject}/{record.clip}".lower(),
            layout=LAYOUT,
            edition=datasets.survey.recognised(records, sheet.EDITIONS),
            editions=sheet.EDITIONS,
            sheets=[table.file for table in tables],
            assumed=[sentence for table in tables for sentence in sheet.assumed(table)],
        )


def _record(source: datasets.annotations.Source, row: sheet.Annotation) -> datasets.record.Record:
    return datasets.annotations.annotated(
        source,
        place=row.place,
        subject=row.subject,
        subject_native=row.subject_native,
        session="A" if row.number <= _LAST_OF_SECTION_A else "B",
        clip=row.clip,
        onset=row.onset,
        apex=row.apex,
        offset=row.offset,
        fps=_FPS,
        emotion=row.emotion,
        au=row.au,
        modality="rgb",
        extra={"apex2": row.apex2},
    )


def _place(root: Path, folder: Path) -> datasets.folders.Place | None:
    """`…/sub01/EP01_12` is a clip; the folders of both sections make up one tree."""
    subject = _SUBJECT.fullmatch(folder.parent.name)
    if not subject or folder == root:
        return None
    base = folder.parent.parent
    while base != root and _SECTION.fullmatch(base.name):
        base = base.parent
    unnamed = "cropped" if datasets.folders.looks_cropped(folder) else "raw"
    kind = datasets.folders.kind_of(base, root, _WORDS, unnamed)
    key = f"sub{int(subject[1]):02d}/{folder.name}".lower().replace("-", "_")
    return datasets.folders.Place(base, kind, key)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("casme", CASME, paper="doi:10.1109/FG.2013.6553799")
