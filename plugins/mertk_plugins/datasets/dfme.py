"""DFME: 2629 micro-expressions of 259 people at 200, 300 or 500 frames a second."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _dfme_sheet as sheet

if TYPE_CHECKING:
    from collections.abc import Collection

    from mertk.datasets.annotations import Source
    from mertk.datasets.folders import Place
    from mertk.datasets.record import Record

LAYOUT = (
    "The folder should hold training_full_with_AU.xlsx, testA_full_with_AU.xlsx and "
    "testB_full_with_AU.xlsx, or some of these, and their frames in DFME_train, test_data_A and "
    "test_data_B, with pictures such as DFME_train/sub0003_01/00109.png."
)
KINDS = ("raw", "cropped")
"""Kinds of frame trees, the preferred one first."""

_WORDS = {"crop": "cropped"}
_WITHOUT_AUS = frozenset({"au_unknown"})


class DFME:
    """The published part of DFME, from up to three spreadsheets and their trees of frames.

    A clip's part is its record's `official_split`; its frame rate is its own.

    Args:
        parts: the parts of the official split that are read, any of `train`, `testA` and `testB`;
            null reads all that are there.
        tree: which frames are read: `raw`, `cropped`, or with `auto` the first of these that
            exists.
        repair: without effect, as no errors of the spreadsheets are known; one of `none`,
            `official` and `recommended`, as for other data sets.
        missing: see `mertk_plugins.datasets`.
    """

    default_protocol = "dfme_7"
    obtain = "mea-lab-421.github.io (licence agreement)"

    def __init__(
        self,
        *,
        parts: list[str] | None = None,
        tree: Literal["auto", "raw", "cropped"] = "auto",
        repair: Literal["none", "official", "recommended"] = "recommended",
        missing: Literal["error", "skip"] = "error",
    ) -> None:
        unknown = sorted(set(parts or ()) - set(sheet.PARTS))
        if unknown:
            raise ValueError(f"parts={parts}; choose from {', '.join(sheet.PARTS)}")
        self.parts = [part for part in sheet.PARTS if part in (parts or ())]
        self.tree: Literal["auto", "raw", "cropped"] = tree
        self.repair: datasets.corrections.Level = repair
        self.missing: Literal["error", "skip"] = missing

    def index(self, root: Path | None, /) -> Sequence[mertk.Clip]:
        """One clip per row of the spreadsheets; raises `DataError` where the folder is wrong."""
        return datasets.survey.usable(self.survey(root), self.missing)

    def survey(self, root: Path | None, /) -> datasets.survey.Survey:
        """Everything that can be said about a folder, with problems listed instead of raised."""
        found = datasets.folders.explore("dfme", root, LAYOUT)
        tables = sheet.tables(found, self.parts, LAYOUT)
        rows = [row for part, table in tables.items() for row in sheet.annotated(part, table)]
        source = datasets.annotations.Source(
            dataset="dfme",
            root=found.root,
            level=self.repair,
            unremarkable=frozenset() if sheet.has_aus(tables.values()) else _WITHOUT_AUS,
        )
        twice = sheet.in_two_parts(rows)
        records = [_record(source, row, twice) for row in rows]
        parts = list(tables)
        trees = datasets.folders.trees(found, functools.partial(_place, found.root, parts))
        tree, no_tree = datasets.folders.choose_tree("dfme", found, trees, KINDS, self.tree)
        return datasets.survey.survey(
            source,
            records,
            tree=tree,
            no_tree=no_tree,
            key=lambda record: record.clip.lower(),
            layout=LAYOUT,
            edition=sheet.edition(records, parts),
            editions=sheet.editions(parts),
            sheets=[table.file for table in tables.values()],
        )


def _record(source: Source, row: sheet.Annotation, twice: Collection[str]) -> Record:
    return datasets.annotations.annotated(
        source,
        place=row.place,
        subject=row.subject,
        subject_native=row.native,
        clip=row.clip,
        onset=row.onset,
        apex=row.apex,
        offset=row.offset,
        fps=row.fps,
        emotion=row.emotion,
        au=row.au,
        modality="rgb",
        official_split=row.part,
        quirks=(*row.quirks, *(("subject_in_two_parts",) if row.subject in twice else ())),
    )


def _place(root: Path, parts: Collection[sheet.Part], folder: Path) -> Place | None:
    """`…/sub0003_01` is a clip; the folders of all parts that are read make up one tree.

    Names of clips tell the parts apart, because nobody is in two of them.
    """
    named = sheet.clip(folder.name)
    if named is None or folder == root:
        return None
    within = folder.parent.relative_to(root).parts
    if any(part not in parts for part in map(sheet.part_of, within) if part):
        return None
    kind = datasets.folders.kind_of(folder.parent, root, _WORDS, "raw")
    return datasets.folders.Place(root, kind, f"{named[0]}_{named[1]}".lower())


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("dfme", DFME, paper="doi:10.1109/TAFFC.2023.3341918")
