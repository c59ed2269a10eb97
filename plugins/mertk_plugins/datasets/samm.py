"""SAMM: 159 spontaneous micro-expressions of 29 people at 200 frames a second."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _samm_names as names

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.folders import Place
    from mertk.datasets.reader import Line
    from mertk.datasets.record import Record
    from mertk.datasets.spreadsheets import Names

_LABELS = {
    "anger": 57,
    "others": 26,
    "happiness": 26,
    "surprise": 15,
    "contempt": 12,
    "disgust": 9,
    "fear": 8,
    "sadness": 6,
}


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
    editions = (datasets.survey.Edition("v2", 159, 29, _LABELS),)
    file_pattern = r"samm(?!.*long).*(?:micro|facs|code)"
    file_names = ("SAMM_Micro_FACS_Codes_v2.xlsx", "SAMM_20181215_Micro_FACS_Codes_v2.xlsx")
    titles = ("MICRO_ONLY",)
    optional: ClassVar[Names] = {
        "objective": ("objectiveclasses", "objectiveclass"),
        "inducement": ("inducementcode",),
        "notes": ("notes",),
    }
    known_errors = Path(__file__).with_name("_samm_repairs.csv")

    tree: Literal["auto", "clips", "cropped"] = "auto"

    def read_line(self, source: Source, line: Line) -> Record:
        """The record of a row; raises `DataError` where a name is none."""
        person, clip = names.read_names(line)
        line.need("emotion")
        video = names.video_of(clip)
        objective = line["objective"]
        return line.record(
            source,
            subject=person,
            clip=clip,
            video=video,
            inducement=line["inducement"],
            fps=200.0,
            objective=int(objective) if objective in set("1234567") else None,
            objective_source="Objective Classes",
            modality="grey",
            long_offset=names.long_offsets().get(video),
            extra={"remarks": line["notes"]} if line["notes"] else {},
        )

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/006/006_1_2` is a clip, whatever its padding."""
        clip = names.parse_clip(folder.name)
        if clip is None or folder == root:
            return None
        base = names.find_tree(folder, root)
        kind = datasets.folders.kind_of(base, root, {"crop": "cropped"}, "clips")
        return datasets.folders.Place(base, kind, clip)

    def key(self, record: Record) -> str:
        """Names of clips are unique."""
        return record.clip


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("samm", SAMM, paper="doi:10.1109/TAFFC.2016.2573832")
