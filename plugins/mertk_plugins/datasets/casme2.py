"""CASME II: 255 spontaneous micro-expressions of 26 people at 200 frames a second."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _casme2_sheet as sheet

LAYOUT = (
    "The folder should hold a spreadsheet (CASME2-coding-20190701.xlsx or "
    "CASME2-coding-20140508.xlsx) and a tree of frames (CASME2_RAW_selected, CASME2-RAW or "
    "Cropped) with pictures such as sub01/EP02_01f/img46.jpg (reg_img46.jpg in Cropped). Videos "
    "(avi) are not read."
)
KINDS = ("selected", "raw", "cropped")
"""Kinds of frame trees, the preferred one first."""

_FPS = 200.0
_NAMES = (
    "CASME2-coding-20190701.xlsx",
    "CASME2-coding-20140508.xlsx",
    "CASME2-coding-updated.xlsx",
    "CASME2_label_Ver_2.xls",
)
_SHEET = r"casme[ _-]?(?:2|ii)(?![0-9a-z]).*(?:coding|label)"
_OBJECTIVE = r"casme[ _-]?(?:2|ii)(?![0-9a-z]).*objective"
_SUBJECT = re.compile(r"sub(?:ject)?[ _-]*0*(\d+)", re.IGNORECASE)
_WORDS = {"compress": "video", "crop": "cropped", "select": "selected", "raw": "raw"}
_REPAIRS = Path(__file__).with_name("_casme2_repairs.csv")


class CASME2:
    """CASME II, from its spreadsheet and one of its frame trees.

    Clips are always cut to onset … offset. The objective classes of MEGC 2018, where their file is
    there, are `objective_class_megc2018` in the records.

    Args:
        tree: which frames are read: `selected` (raw ones, cut to the expression), `raw`, `cropped`,
            or with `auto` the first of these that exists.
        repair, missing, sheet: see `mertk_plugins.datasets`.
    """

    default_protocol = "casme2_3"
    obtain = "casme.psych.ac.cn/casme/e2 (agreement signed by a permanent member of staff)"

    def __init__(
        self,
        *,
        tree: Literal["auto", "raw", "selected", "cropped"] = "auto",
        repair: Literal["none", "official", "recommended"] = "recommended",
        missing: Literal["error", "skip"] = "error",
        sheet: str | None = None,
    ) -> None:
        self.tree: Literal["auto", "raw", "selected", "cropped"] = tree
        self.repair: datasets.corrections.Level = repair
        self.missing: Literal["error", "skip"] = missing
        self.sheet = sheet

    def index(self, root: Path | None, /) -> Sequence[mertk.Clip]:
        """One clip per row of the spreadsheet; raises `DataError` where the folder is not right."""
        return datasets.survey.usable(self.survey(root), self.missing)

    def survey(self, root: Path | None, /) -> datasets.survey.Survey:
        """Everything that can be said about a folder, with problems listed instead of raised."""
        found = datasets.folders.explore("casme2", root, LAYOUT)
        file = datasets.folders.choose_sheet("casme2", found, _SHEET, _NAMES, self.sheet)
        table = datasets.spreadsheets.read_table(
            datasets.folders.need_sheet("casme2", found, file, LAYOUT)
        )
        source = datasets.annotations.Source(
            dataset="casme2",
            root=found.root,
            repairs=datasets.corrections.read(_REPAIRS),
            level=self.repair,
        )
        more = datasets.folders.choose_sheet("casme2", found, _OBJECTIVE, (), None)
        classes = sheet.megc2018(datasets.spreadsheets.read_table(more)) if more else None
        records = [_record(source, row, classes) for row in sheet.annotated(table)]
        place = functools.partial(_place, found.root)
        trees = datasets.folders.trees(found, place)
        tree, no_tree = datasets.folders.choose_tree("casme2", found, trees, KINDS, self.tree)
        return datasets.survey.survey(
            source,
            records,
            tree=tree,
            no_tree=no_tree,
            key=lambda record: f"{record.subject}/{record.clip}".lower(),
            layout=LAYOUT,
            edition=sheet.edition(table, records),
            editions=sheet.EDITIONS,
            sheets=[table.file, *([more] if more else [])],
        )


def _record(
    source: datasets.annotations.Source, row: sheet.Annotation, classes: Mapping[str, str] | None
) -> datasets.record.Record:
    """The record of a row; `classes` are those of MEGC 2018 by clip."""
    extra = {}
    if classes is not None:
        extra["objective_class_megc2018"] = classes.get(f"{row.subject}/{row.clip}", "")
    return datasets.annotations.annotated(
        source,
        place=f"row {row.row}",
        subject=row.subject,
        subject_native=row.native,
        clip=row.clip,
        onset=row.onset,
        apex=row.apex,
        offset=row.offset,
        fps=_FPS,
        emotion=row.emotion,
        au=row.au,
        objective=row.objective_class,
        objective_source="Objective Classes",
        modality="rgb",
        extra=extra,
    )


def _place(root: Path, folder: Path) -> datasets.folders.Place | None:
    """`…/sub01/EP02_01f` is a clip, whatever the padding and case of the subject."""
    subject = _SUBJECT.fullmatch(folder.parent.name)
    if not subject or folder == root:
        return None
    base = folder.parent.parent
    key = f"sub{int(subject[1]):02d}/{folder.name}".lower()
    unnamed = "cropped" if datasets.folders.looks_cropped(folder) else "raw"
    return datasets.folders.Place(base, datasets.folders.kind_of(base, root, _WORDS, unnamed), key)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("casme2", CASME2, paper="doi:10.1371/journal.pone.0086041")
