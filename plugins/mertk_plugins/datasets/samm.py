"""SAMM: 159 spontaneous micro-expressions of 29 people at 200 frames a second."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import mertk
from mertk import datasets
from mertk.datasets.annotations import Source
from mertk.datasets.folders import Place
from mertk.datasets.reader import Line
from mertk.datasets.record import Record
from mertk_plugins.datasets import _samm_names as names

_HERE = Path(__file__)
_PUBLISHED = datasets.reader.read_published(_HERE.with_name("_published.toml"))["samm"]


@dataclass(kw_only=True, eq=False)
class SAMM(datasets.reader.SpreadsheetReader):
    """SAMM, from its spreadsheet and its folders of frames.

    Args:
        tree: which frames are read: `clips` (as released), `cropped`, or with `auto` the first of
            these that exists.
    """

    default_protocol = "samm_3"
    obtain = "the page 'SAMM dataset' of Manchester Metropolitan University (signed form by mail)"

    name = "samm"
    layout = (
        "The folder should hold SAMM_Micro_FACS_Codes_v2.xlsx and folders of frames such as "
        "006/006_1_2/006_05562.jpg."
    )
    kinds = ("clips", "cropped")
    editions = _PUBLISHED.editions
    file_pattern = r"samm(?!.*long).*(?:micro|facs|code)"
    file_names = ("SAMM_Micro_FACS_Codes_v2.xlsx", "SAMM_20181215_Micro_FACS_Codes_v2.xlsx")
    titles = ("MICRO_ONLY",)
    optional = _PUBLISHED.optional
    known_errors = _HERE.with_name("_samm_repairs.csv")

    tree: Literal["auto", "clips", "cropped"] = "auto"

    def read_line(self, source: Source, line: Line) -> Record:
        """The record of a row; raises `DataError` where a name is none."""
        line.need("emotion")
        objective = line["objective"]
        return line.record(
            source,
            **names.read_common_fields(line),
            objective=int(objective) if objective in set("1234567") else None,
            objective_source="Objective Classes",
        )

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/006/006_1_2` is a clip, whatever its padding."""
        clip = names.CLIP.parse(folder.name)
        if clip is None or folder == root:
            return None
        return names.place(root, folder, clip, "clips")

    def key(self, record: Record) -> str:
        """Names of clips are unique."""
        return record.clip


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("samm", SAMM, paper="doi:10.1109/TAFFC.2016.2573832")
