"""SMIC: 164 spontaneous micro-expressions of 16 people, filmed by up to three cameras."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import mertk
from mertk import datasets
from mertk.datasets.annotations import Source
from mertk.datasets.folders import Found, Place, Tree
from mertk.datasets.record import Record
from mertk.datasets.survey import Reading
from mertk_plugins.datasets import _smic_e as smic_e

_ALWAYS = frozenset({"apex_missing", "au_unknown"})  # SMIC annotates neither
_NO_NUMBER = "?"  # stands in the id of a clip whose folder gives no frame numbers
_EMOTIONS = frozenset(smic_e.LABELS.values())
_LEVEL = re.compile(r"micro|negative|positive|surprise|ne|po|sur|s[0-9]+", re.IGNORECASE)
_NON_MICRO = re.compile(r"non[_ -]*micro.*", re.IGNORECASE)
_LONG = ("long", "smic-e", "smic_e", "hs-e", "hs_e", "vis-e", "vis_e", "nir-e", "nir_e")
_CUT_WORDS = {"crop": "cropped", "raw": "raw"}
_WORDS = {"crop": "cropped", **dict.fromkeys(_LONG, "long"), "raw": "raw"}


@dataclass(kw_only=True, eq=False)
class SMIC(datasets.reader.SpreadsheetReader):
    """SMIC, from its folders, or SMIC-E (`tree='long'`), from its spreadsheet.

    In the trees raw and cropped the folders are the annotation: an expression lasts from the first
    to the last file. In the tree long the spreadsheet cuts the clips.

    Args:
        camera: `hs`, the high-speed camera (100 Hz); `vis`, visible light (25 Hz); or `nir`, near
            infrared (25 Hz).
        tree: which frames are read: `raw`, `cropped`, `long`, or with `auto` the first of these
            that exists.
        further: whether the second and third expressions of the long clips of SMIC-E are read; the
            published numbers of SMIC-E (157 and 71) are those without them.
    """

    default_protocol = "smic_3"
    obtain = "www.oulu.fi/cmvs/node/41319, University of Oulu (licence agreement)"

    name = "smic"
    layout = (
        "The folder should hold SMIC_all_raw or SMIC_all_cropped, with pictures such as "
        "HS/s01/micro/negative/s01_ne_01/reg_image559740.bmp, or SMIC-E: HS_long/SMIC-HS-E/s01/"
        "s1_ne_01/image559740.jpg and SMIC-HS-E_annotation.xlsx. The other cameras are read with "
        "smic:camera=vis and smic:camera=nir."
    )
    kinds = ("raw", "cropped", "long")  # in all but `long` folders are the annotation
    columns = smic_e.PUBLISHED.columns
    optional = smic_e.PUBLISHED.optional
    known_errors = Path(__file__).with_name("_smic_repairs.csv")

    camera: smic_e.Camera = "hs"
    tree: Literal["auto", "cropped", "raw", "long"] = "auto"
    further: bool = True

    def find_tree(
        self,
        found: Found,
        trees: Sequence[Tree],
        records: Sequence[Record] = (),  # noqa: ARG002
    ) -> tuple[Tree | None, str]:
        """The camera's tree, or why there is none; of the cut ones that with most clips.

        Their folders are the annotation, so there are no other records to count.
        """
        kinds = [f"{self.camera} {kind}" for kind in self.kinds]
        wanted = self.tree if self.tree == "auto" else f"{self.camera} {self.tree}"
        cut = [tree for tree in trees if tree.kind in kinds[:2]]
        from_these = cut if cut and self.tree == "auto" else trees
        tree, no_tree = datasets.folders.choose_tree(
            self.name, found, from_these, kinds, wanted, covers=lambda one: len(one.folders)
        )
        return (replace(tree, kind=tree.kind.split()[1]) if tree else None), no_tree

    def read(self, found: Found, tree: Tree | None) -> Reading:
        """The expressions of a raw or cropped tree, or of the spreadsheet of SMIC-E."""
        source = self.make_source(found, unremarkable=_ALWAYS)
        if tree is not None and tree.kind != "long":
            records = []
            for clip, folder in sorted(tree.folders.items()):
                records.append(_read_folder(source, clip, folder, self.camera))
            reading = Reading(source, records, smic_e.PUBLISHED.groups[self.camera])
        else:
            reading = self._read_rows(source, found, tree)
        return replace(reading, assumed=[*self._list_assumptions(found, tree), *reading.assumed])

    def _read_rows(self, source: Source, found: Found, tree: Tree | None) -> Reading:
        """The expressions of the spreadsheet of SMIC-E, with or without its frames."""
        file = smic_e.choose_file(found, self.camera, self.sheet)
        if tree is None and (file is None or self.tree not in ("auto", "long")):
            why = self.find_tree(found, self.list_trees(found))[1]
            raise mertk.DataError(f"{why}. {self.layout}")
        file = datasets.folders.need_sheet(self.name, found, file, self.layout)
        lines = self.lines(smic_e.read_table(file, self.camera), remarks=True)
        records, assumed = smic_e.read_records(source, lines, self.camera, further=self.further)
        edition, editions = smic_e.list_editions(self.camera, records)
        advice = "smic:tree=long,further=false reads the published list" if self.further else ""
        return Reading(source, records, editions, [file], assumed, edition, advice)

    def place(self, root: Path, folder: Path) -> Place | None:
        """A clip of a camera and a tree (`hs cropped`).

        Where no folder name says which camera filmed, it is taken for the wanted one. SMIC-E does
        not sort its clips by emotion. Where nothing says that a clip is cut, it counts as long:
        then the annotation must cut it.
        """
        clip = smic_e.parse_clip(folder.name)
        if clip is None or folder == root or _is_non_micro(root, folder):
            return None
        base = folder.parent
        while base != root and _LEVEL.fullmatch(base.name):
            base = base.parent
        levels = {part.lower() for part in folder.relative_to(base).parts[:-1]}
        by_emotion = not levels.isdisjoint({"micro", *_EMOTIONS})
        unnamed = "raw" if by_emotion else "long"
        unnamed = "cropped" if datasets.folders.looks_cropped(folder) else unnamed
        words = _CUT_WORDS if by_emotion else _WORDS
        kind = datasets.folders.kind_of(base, root, words, unnamed)
        return datasets.folders.Place(
            base, f"{_find_camera(base, root) or self.camera} {kind}", clip
        )

    def key(self, record: Record) -> str:
        """The folder of a clip, or of the long clip that it is in."""
        return record.video or record.clip

    def _list_assumptions(self, found: Found, tree: Tree | None) -> list[str]:
        sentences = []
        if tree is not None and not _find_camera(tree.path, found.root):
            sentences.append(f"no folder name says which camera filmed: taken for {self.camera}")
        if any(_is_non_micro(found.root, folder) for folder in found.leaves):
            sentences.append("folders named non_micro hold no expressions")
        if self.camera == "nir":
            sentences.append("file names of NIR end in the frame number, as the other cameras' do")
        return sentences


def _read_folder(source: Source, clip: str, folder: Path, camera: smic_e.Camera) -> Record:
    """The expression that a folder is, from its first to its last file."""
    try:
        files, why = list(datasets.media.frames.number_pictures(folder)), ""
    except mertk.DataError as error:
        files, why = [], str(error)
    if not files:
        why = why or "the folder holds no frames"
    below, common = folder.relative_to(source.root), smic_e.make_common_fields(clip, camera)
    label = common["label"]
    above = [part for part in reversed(below.parts[:-1]) if part.lower() in _EMOTIONS]
    emotion = above[0] if above else label
    record = datasets.annotations.make_record(
        source,
        place=below.as_posix(),
        subject_native=folder.name.partition("_")[0],
        onset=str(files[0]) if files else _NO_NUMBER,
        offset=str(files[-1]) if files else _NO_NUMBER,
        emotion=emotion,
        quirks=("folder_differs_from_name",) if emotion.lower() != label else (),
        **common,
    )
    return replace(record, emotion=label, notes=(why,) if why else ())


def _find_camera(base: Path, root: Path) -> str:
    """The camera that the nearest folder name says, from `base` up to the root; '' where none."""
    below = base.relative_to(root).parts if base.is_relative_to(root) else ()
    for part in (*reversed(below), root.resolve().name):
        found = smic_e.find_camera(part)
        if found:
            return found
    return ""


def _is_non_micro(root: Path, folder: Path) -> bool:
    """Whether a folder lies below one that holds no micro-expressions."""
    return any(map(_NON_MICRO.fullmatch, folder.relative_to(root).parts))


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("smic", SMIC, paper="doi:10.1109/FG.2013.6553717")
