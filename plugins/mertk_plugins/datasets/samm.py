"""SAMM: 159 spontaneous micro-expressions of 29 people at 200 frames a second."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _samm_names as names

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.record import Record
    from mertk.datasets.spreadsheets import Row, Table

LAYOUT = (
    "The folder should hold SAMM_Micro_FACS_Codes_v2.xlsx and folders of frames such as "
    "006/006_1_2/006_05562.jpg."
)
KINDS = ("clips", "cropped")
"""Kinds of frame trees, the preferred one first."""

EDITIONS = (
    datasets.survey.Edition(
        "v2", 159, 29,
        {"anger": 57, "others": 26, "happiness": 26, "surprise": 15, "contempt": 12, "disgust": 9,
         "fear": 8, "sadness": 6},
    ),
)  # fmt: skip

_FPS = 200.0
_NAMES = ("SAMM_Micro_FACS_Codes_v2.xlsx", "SAMM_20181215_Micro_FACS_Codes_v2.xlsx")
_FILE = r"samm(?!.*long).*(?:micro|facs|code)"
_SHEET = "MICRO_ONLY"
_REPAIRS = Path(__file__).with_name("_samm_repairs.csv")


class SAMM:
    """SAMM, from its spreadsheet and its folders of frames.

    Args:
        tree: which frames are read: `clips` (as released), `cropped`, or with `auto` the first of
            these that exists.
        repair, missing, sheet: see `mertk_plugins.datasets`.
    """

    default_protocol = "samm_3"
    obtain = "the page 'SAMM dataset' of Manchester Metropolitan University (signed form by mail)"

    def __init__(
        self,
        *,
        tree: Literal["auto", "clips", "cropped"] = "auto",
        repair: Literal["none", "official", "recommended"] = "recommended",
        missing: Literal["error", "skip"] = "error",
        sheet: str | None = None,
    ) -> None:
        self.tree: Literal["auto", "clips", "cropped"] = tree
        self.repair: datasets.corrections.Level = repair
        self.missing: Literal["error", "skip"] = missing
        self.sheet = sheet

    def index(self, root: Path | None, /) -> Sequence[mertk.Clip]:
        """One clip per row of the spreadsheet; raises `DataError` where the folder is not right."""
        return datasets.survey.usable(self.survey(root), self.missing)

    def survey(self, root: Path | None, /) -> datasets.survey.Survey:
        """Everything that can be said about a folder, with problems listed instead of raised."""
        found = datasets.folders.explore("samm", root, LAYOUT)
        file = datasets.folders.choose_sheet("samm", found, _FILE, _NAMES, self.sheet)
        file = datasets.folders.need_sheet("samm", found, file, LAYOUT)
        table = datasets.spreadsheets.read_table(file, before=[_SHEET])
        source = datasets.annotations.Source(
            dataset="samm",
            root=found.root,
            repairs=datasets.corrections.read(_REPAIRS),
            level=self.repair,
        )
        records = _records(source, table)
        trees = datasets.folders.trees(found, functools.partial(_place, found.root))
        tree, no_tree = datasets.folders.choose_tree("samm", found, trees, KINDS, self.tree)
        return datasets.survey.survey(
            source,
            records,
            tree=tree,
            no_tree=no_tree,
            key=lambda record: record.clip,
            layout=LAYOUT,
            edition=datasets.survey.recognised(records, EDITIONS),
            editions=EDITIONS,
            sheets=[file],
        )


def _records(source: Source, table: Table) -> list[Record]:
    """All rows; raises `DataError` where a column or a name is missing."""
    columns = {
        "subject": table.column("subject"),
        "clip": table.column("filename"),
        "onset": table.column("onsetframe", "onset"),
        "apex": table.column("apexframe", "apex"),
        "offset": table.column("offsetframe", "offset"),
        "au": table.column("actionunits", "actionunit", "aus", "au"),
        "emotion": table.column("estimatedemotion", "emotion"),
        "objective": table.optional("objectiveclasses", "objectiveclass"),
        "inducement": table.optional("inducementcode"),
        "notes": table.optional("notes"),
    }
    if not table.rows:
        raise mertk.DataError(f"{table.place()}: a header but no rows")
    return [_record(source, table, row, columns) for row in table.rows]


def _record(source: Source, table: Table, row: Row, columns: dict[str, str]) -> Record:
    person, clip = names.named(table, row, columns["subject"], columns["clip"])
    video = names.video_of(clip)
    objective = row[columns["objective"]]
    return datasets.annotations.annotated(
        source,
        place=f"row {row.number}",
        subject=person,
        subject_native=row[columns["subject"]],
        inducement=row[columns["inducement"]],
        clip=clip,
        video=video,
        onset=row[columns["onset"]],
        apex=row[columns["apex"]],
        offset=row[columns["offset"]],
        fps=_FPS,
        emotion=table.filled(row, columns["emotion"]),
        au=row[columns["au"]],
        objective=int(objective) if objective in set("1234567") else None,
        objective_source="Objective Classes",
        modality="grey",
        long_offset=names.long_offsets().get(video),
        extra={"remarks": row[columns["notes"]]} if row[columns["notes"]] else {},
    )


def _place(root: Path, folder: Path) -> datasets.folders.Place | None:
    """`…/006/006_1_2` is a clip, whatever its padding."""
    clip = names.clip(folder.name)
    if clip is None or folder == root:
        return None
    base = names.base(folder, root)
    return datasets.folders.Place(
        base, datasets.folders.kind_of(base, root, {"crop": "cropped"}, "clips"), clip
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("samm", SAMM, paper="doi:10.1109/TAFFC.2016.2573832")
