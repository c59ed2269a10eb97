"""MMEW: 300 micro-expressions of 30 people at 90 frames a second."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _mmew_sheet as sheet

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.folders import Place
    from mertk.datasets.record import Record
    from mertk.datasets.survey import Survey

LAYOUT = (
    "The folder should hold MMEW_Micro_Exp.xlsx (or _v2) and the tree Micro_Expression with "
    "pictures such as happiness/S03-01-002/1.jpg, or S03/happiness/S03-01-002/1.jpg. The "
    "macro-expressions, which are single pictures, are not read."
)

_FPS = 90.0
_FILE = r"mmew(?!.*macro)"
_NAMES = ("MMEW_Micro_Exp_v2.xlsx", "MMEW_Micro_Exp.xlsx")
_KIND = "cropped"  # faces of 231 × 231 pixels; whole pictures were not published
_MACRO = "macro"
_LONGER = "offset_ne_folder"
_VERSION_2 = "MMEW_Micro_Exp_v2 has the columns and counts of the first edition"
_REPAIRS = Path(__file__).with_name("_mmew_repairs.csv")


class MMEW:
    """The micro-expressions of MMEW, from its spreadsheet and its one tree of frames.

    Clips are cut to onset … offset; where a folder goes on behind the offset the clip is marked
    `offset_ne_folder` and its record says how many files there are. Known errors of the spreadsheet
    are all marked, and none has a known right value, so `repair` changes nothing.

    Args:
        repair, missing, sheet: see `mertk_plugins.datasets`.
    """

    default_protocol = "mmew_6"
    obtain = "dpailab.com (request form), School of Information Science, Shandong University"

    def __init__(
        self,
        *,
        repair: Literal["none", "official", "recommended"] = "recommended",
        missing: Literal["error", "skip"] = "error",
        sheet: str | None = None,
    ) -> None:
        self.repair: datasets.corrections.Level = repair
        self.missing: Literal["error", "skip"] = missing
        self.sheet = sheet

    def index(self, root: Path | None, /) -> Sequence[mertk.Clip]:
        """One clip per row of the spreadsheet; raises `DataError` where the folder is not right."""
        return datasets.survey.usable(self.survey(root), self.missing)

    def survey(self, root: Path | None, /) -> Survey:
        """Everything that can be said about a folder, with problems listed instead of raised."""
        found = datasets.folders.explore("mmew", root, LAYOUT)
        file = datasets.folders.choose_sheet("mmew", found, _FILE, _NAMES, self.sheet)
        table = datasets.spreadsheets.read_table(
            datasets.folders.need_sheet("mmew", found, file, LAYOUT)
        )
        source = datasets.annotations.Source(
            dataset="mmew",
            root=found.root,
            repairs=datasets.corrections.read(_REPAIRS),
            level=self.repair,
        )
        records = [_record(source, row) for row in sheet.annotated(table)]
        trees = datasets.folders.trees(found, functools.partial(_place, found.root))
        tree, no_tree = datasets.folders.choose_tree("mmew", found, trees, (_KIND,), "auto")
        survey = datasets.survey.survey(
            source,
            records,
            tree=tree,
            no_tree=no_tree,
            key=lambda record: record.clip.lower(),
            layout=LAYOUT,
            edition=datasets.survey.recognised(records, sheet.EDITIONS),
            editions=sheet.EDITIONS,
            sheets=[table.file],
            assumed=[_VERSION_2] if "_v2" in table.file.stem.lower() else [],
        )
        return replace(survey, clips=tuple(_compared(clip) for clip in survey.clips))


def _record(source: Source, row: sheet.Annotation) -> Record:
    record = datasets.annotations.annotated(
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
        modality="rgb",
        quirks=row.quirks,
        extra={"remarks": row.remarks},
    )
    return replace(record, label=row.word, emotion=row.word)


def _place(root: Path, folder: Path) -> Place | None:
    """`…/happiness/S03-01-002` is a clip, with or without a folder of the subject around it.

    Names of clips are unique, so the folder of the emotion, which is called otherwise than the
    class in one case, is not needed to find them.
    """
    name = sheet.clip(folder.name)
    below = folder.relative_to(root).parts
    if name is None or not below or any(_MACRO in part.lower() for part in below):
        return None
    base = folder.parent
    while base != root and (base.name.lower() in sheet.FOLDERS or sheet.subject(base.name)):
        base = base.parent
    return datasets.folders.Place(base, _KIND, name.lower())


def _compared(clip: mertk.Clip) -> mertk.Clip:
    """The clip, marked where its folder goes on behind the offset: the files themselves decide."""
    record = clip.record
    last, offset = record["last_file"], record["offset"]
    if last is None:
        return clip
    quirks = [quirk for quirk in record["quirks"] if quirk != _LONGER]
    notes = list(record["notes"])
    if last > offset:
        quirks.append(_LONGER)
        notes.append(
            f"the folder holds {record['n_files']} files, up to {last}; the offset is {offset}"
        )
    return replace(clip, record={**record, "quirks": tuple(quirks), "notes": tuple(notes)})


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("mmew", MMEW, paper="doi:10.1109/TPAMI.2021.3067464")
