"""SMIC: 164 spontaneous micro-expressions of 16 people, filmed by up to three cameras."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _smic_names as names
from mertk_plugins.datasets import _smic_records as made
from mertk_plugins.datasets import _smic_sheet as sheets

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.folders import Found, Place, Tree
    from mertk.datasets.reader import Reading
    from mertk.datasets.record import Record

_ALWAYS = frozenset({"apex_missing", "au_unknown"})  # SMIC annotates neither


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
    known_errors = Path(__file__).with_name("_smic_repairs.csv")

    camera: names.Camera = "hs"
    tree: Literal["auto", "cropped", "raw", "long"] = "auto"

    def find_tree(self, found: Found) -> tuple[Tree | None, str]:
        """The camera's tree, or why there is none."""
        known = datasets.folders.group_into_trees(
            found, lambda folder: self.place(found.root, folder)
        )
        kinds = [f"{self.camera} {kind}" for kind in self.kinds]
        wanted = self.tree if self.tree == "auto" else f"{self.camera} {self.tree}"
        tree, no_tree = datasets.folders.choose_tree(self.name, found, known, kinds, wanted)
        return (replace(tree, kind=tree.kind.split()[1]) if tree else None), no_tree

    def read(self, found: Found, tree: Tree | None) -> Reading:
        """The expressions of a raw or cropped tree, or of the spreadsheet of SMIC-E."""
        source = self.make_source(found, unremarkable=_ALWAYS)
        if tree is not None and tree.kind != "long":
            reading = self._read_folders(source, tree)
        else:
            reading = self._read_rows(source, found, tree)
        return replace(reading, assumed=[*self._list_assumptions(found, tree), *reading.assumed])

    def _read_folders(self, source: Source, tree: Tree) -> Reading:
        """The expressions of a raw or cropped tree, which has no annotation file."""
        records = [
            made.of_folder(source, names.of_key(key), folder, self.camera)
            for key, folder in sorted(tree.folders.items())
        ]
        editions = names.CUT[self.camera]
        edition = datasets.survey.recognise_edition(records, editions)
        return datasets.reader.Reading(
            source=source, records=records, edition=edition, editions=editions
        )

    def _read_rows(self, source: Source, found: Found, tree: Tree | None) -> Reading:
        """The expressions of the spreadsheet of SMIC-E, with or without its frames."""
        file = sheets.choose_file(found, self.camera, self.sheet)
        if tree is None and (file is None or self.tree not in ("auto", "long")):
            raise mertk.DataError(f"{self.find_tree(found)[1]}. {self.layout}")
        file = datasets.folders.need_sheet(self.name, found, file, self.layout)
        rows, remarks = sheets.parse_rows(sheets.read_table(file, self.camera))
        records = [made.of_row(source, row, self.camera) for row in rows]
        edition, editions = made.long_edition(records, self.camera)
        return datasets.reader.Reading(
            source=source,
            records=records,
            edition=edition,
            editions=editions,
            sheets=[file],
            assumed=made.assumed_of(records, remarks),
        )

    def place(self, root: Path, folder: Path) -> Place | None:
        """A clip of a camera and a tree, see `names.place`."""
        return names.classify_folder(root, self.camera, folder)

    def key(self, record: Record) -> str:
        """The folder of a clip, or of the long clip that it is in."""
        return f"{record.subject}/{record.video or record.clip}"

    def _list_assumptions(self, found: Found, tree: Tree | None) -> list[str]:
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
