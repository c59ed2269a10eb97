"""SMIC: 164 spontaneous micro-expressions of 16 people, filmed by up to three cameras."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _smic_names as names
from mertk_plugins.datasets import _smic_records as made
from mertk_plugins.datasets import _smic_sheet as sheet

LAYOUT = (
    "The folder should hold SMIC_all_raw or SMIC_all_cropped, with pictures such as "
    "HS/s01/micro/negative/s01_ne_01/reg_image559740.bmp, or SMIC-E: HS_long/SMIC-HS-E/s01/"
    "s1_ne_01/image559740.jpg and SMIC-HS-E_annotation.xlsx. The other cameras are read with "
    "smic:camera=vis and smic:camera=nir."
)
KINDS = ("raw", "cropped", "long")
"""Kinds of frame trees, the preferred one first; in all but `long` folders are the annotation."""

_REPAIRS = Path(__file__).with_name("_smic_repairs.csv")
_ALWAYS = frozenset({"apex_missing", "au_unknown"})  # SMIC annotates neither


@dataclass(frozen=True, slots=True)
class _Reading:
    """The expressions of a folder, and what they were read from."""

    records: Sequence[datasets.record.Record]
    edition: str
    editions: Sequence[datasets.survey.Edition]
    sheets: Sequence[Path] = ()
    assumed: Sequence[str] = ()


class SMIC:
    """SMIC, from its folders, or SMIC-E (`tree='long'`), from its spreadsheet.

    In the trees raw and cropped the folders are the annotation: an expression lasts from the first
    to the last file. In the tree long the spreadsheet cuts the clips.

    Args:
        camera: `hs`, the high-speed camera (100 Hz); `vis`, visible light (25 Hz); or `nir`, near
            infrared (25 Hz).
        tree: which frames are read: `raw`, `cropped`, `long`, or with `auto` the first of these
            that exists.
        repair, sheet: see `mertk_plugins.datasets`.
        missing: see `mertk_plugins.datasets`.
    """

    default_protocol = "smic_3"
    obtain = "www.oulu.fi/cmvs/node/41319, University of Oulu (licence agreement)"

    def __init__(
        self,
        *,
        camera: Literal["hs", "vis", "nir"] = "hs",
        tree: Literal["auto", "cropped", "raw", "long"] = "auto",
        repair: Literal["none", "official", "recommended"] = "recommended",
        missing: Literal["error", "skip"] = "error",
        sheet: str | None = None,
    ) -> None:
        self.camera: names.Camera = camera
        self.tree: Literal["auto", "cropped", "raw", "long"] = tree
        self.repair: datasets.corrections.Level = repair
        self.missing: Literal["error", "skip"] = missing
        self.sheet = sheet

    def index(self, root: Path | None, /) -> Sequence[mertk.Clip]:
        """One clip per expression; raises `DataError` where the folder is not right."""
        return datasets.survey.usable(self.survey(root), self.missing)

    def survey(self, root: Path | None, /) -> datasets.survey.Survey:
        """Everything that can be said about a folder, with problems listed instead of raised."""
        found = datasets.folders.explore("smic", root, LAYOUT)
        source = datasets.annotations.Source(
            dataset="smic",
            root=found.root,
            repairs=datasets.corrections.read(_REPAIRS),
            level=self.repair,
            unremarkable=_ALWAYS,
        )
        tree, no_tree = self._choose(found)
        if tree is not None and tree.kind != "long":
            reading = self._folders(source, tree)
        else:
            reading = self._rows(source, found, no_tree)
        return datasets.survey.survey(
            source,
            reading.records,
            tree=tree,
            no_tree=no_tree,
            key=lambda record: f"{record.subject}/{record.video or record.clip}",
            layout=LAYOUT,
            edition=reading.edition,
            editions=reading.editions,
            sheets=reading.sheets,
            assumed=[*self._assumed(found, tree), *reading.assumed],
        )

    def _choose(self, found: datasets.folders.Found) -> tuple[datasets.folders.Tree | None, str]:
        """The camera's tree, or why there is none."""
        place = functools.partial(names.place, found.root, self.camera)
        known = datasets.folders.trees(found, place)
        kinds = [f"{self.camera} {kind}" for kind in KINDS]
        wanted = self.tree if self.tree == "auto" else f"{self.camera} {self.tree}"
        tree, no_tree = datasets.folders.choose_tree("smic", found, known, kinds, wanted)
        return (replace(tree, kind=tree.kind.split()[1]) if tree else None), no_tree

    def _folders(
        self, source: datasets.annotations.Source, tree: datasets.folders.Tree
    ) -> _Reading:
        """The expressions of a raw or cropped tree, which has no annotation file."""
        records = [
            made.of_folder(source, names.of_key(key), folder, self.camera)
            for key, folder in sorted(tree.folders.items())
        ]
        editions = names.CUT[self.camera]
        return _Reading(records, datasets.survey.recognised(records, editions), editions)

    def _rows(
        self, source: datasets.annotations.Source, found: datasets.folders.Found, no_tree: str
    ) -> _Reading:
        """The expressions of the spreadsheet of SMIC-E, with or without its frames."""
        file = sheet.choose(found, self.camera, self.sheet)
        if no_tree and (file is None or self.tree not in ("auto", "long")):
            raise mertk.DataError(f"{no_tree}. {LAYOUT}")
        file = datasets.folders.need_sheet("smic", found, file, LAYOUT)
        rows, remarks = sheet.expressions(sheet.table(file, self.camera))
        records = [made.of_row(source, row, self.camera) for row in rows]
        edition, editions = made.long_edition(records, self.camera)
        return _Reading(records, edition, editions, [file], made.assumed_of(records, remarks))

    def _assumed(
        self, found: datasets.folders.Found, tree: datasets.folders.Tree | None
    ) -> list[str]:
        sentences = []
        if tree is not None and not names.camera_of(tree.path, found.root):
            sentences.append(f"no folder name says which camera filmed: taken for {self.camera}")
        if any(names.is_non_micro(found.root, folder) for folder in found.leaves):
            sentences.append("folders named non_micro hold no expressions")
        if self.camera == "nir":
            sentences.append("file names of NIR end in the frame number, as the other cameras' do")
        return sentences


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("smic", SMIC, paper="doi:10.1109/FG.2013.6553717")
