"""4DME: 267 micro-expressions, filmed in grey at 60 frames a second, with several emotions each."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _fourdme_labels as labels
from mertk_plugins.datasets import _fourdme_names as names
from mertk_plugins.datasets import _fourdme_sheet as sheet

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.record import Record

LAYOUT = (
    "The folder should hold '4DME_Labelling_Micro_release v1.xlsx' and a tree of grey frames "
    "(gray_micro or gray_micro_crop) with folders such as S13_1st/001_01_1. Colour, depth, 4D "
    "and macro-expressions are not read."
)
KINDS = ("raw", "cropped")
"""Kinds of frame trees, the preferred one first."""

_FPS = 60.0
_FILE = r"4d[ _-]?m(?:e|icro)(?!.*macro)"
_NAMES = ("4DME_Labelling_Micro_release v1.xlsx", "4DME_Labelling_Micro.xlsx")
_NUMBERS = "the last number in a picture's name is the frame number of the annotations"
_REPAIRS = Path(__file__).with_name("_fourdme_repairs.csv")


class FourDME:
    """The grey videos of 4DME, from its spreadsheet and one of its trees of frames.

    A record's `emotions` are all of a clip's, its label joins them (`positive+surprise`). People
    who came twice (S13_1st, S13_2nd) are one subject, so that no fold holds one of their sessions
    out and trains on the other.

    Args:
        tree: which frames are read: `raw`, `cropped`, or with `auto` the first of these that
            exists.
        repair, missing, sheet: see `mertk_plugins.datasets`.
    """

    default_protocol = "fourdme_5"
    obtain = "University of Oulu, Center for Machine Vision and Signal Analysis (licence agreement)"

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
        found = datasets.folders.explore("fourdme", root, LAYOUT)
        file = datasets.folders.choose_sheet("fourdme", found, _FILE, _NAMES, self.sheet)
        table = datasets.spreadsheets.read_table(
            datasets.folders.need_sheet("fourdme", found, file, LAYOUT)
        )
        coding = sheet.coding(table)
        source = datasets.annotations.Source(
            dataset="fourdme",
            root=found.root,
            repairs={**datasets.corrections.read(_REPAIRS), **sheet.swapped(table, coding)},
            level=self.repair,
        )
        records = [_record(source, row) for row in coding.rows]
        trees = datasets.folders.trees(found, functools.partial(names.place, found.root))
        tree, no_tree = datasets.folders.choose_tree("fourdme", found, trees, KINDS, self.tree)
        return datasets.survey.survey(
            source,
            records,
            tree=tree,
            no_tree=no_tree,
            key=names.key_in(tree),
            layout=LAYOUT,
            edition=sheet.edition(coding, records),
            editions=sheet.EDITIONS,
            sheets=[table.file],
            assumed=[*coding.assumed, _NUMBERS],
        )


def _record(source: Source, row: sheet.Annotation) -> Record:
    subject, session = row.person.subject, row.person.session
    repairs = source.rows(subject, row.clip, row.onset, row.apex)
    final, _ = datasets.corrections.repaired(repairs, {"emotion": row.emotion}, source.level)
    emotions = labels.emotions(final["emotion"])
    record = datasets.annotations.annotated(
        source,
        place=f"row {row.row}",
        subject=subject,
        subject_native=row.native,
        session=session,
        clip=row.clip,
        onset=row.onset,
        apex=row.apex,
        offset=row.offset,
        fps=_FPS,
        emotion=row.emotion,
        emotions=emotions,
        au=row.au,
        self_report=row.self_report,
        modality="grey",
        uid_tail=session,
        quirks=labels.quirks(final["emotion"]),
    )
    if emotions:
        record = replace(record, label="+".join(emotions), emotion="+".join(emotions))
    return _checked(record, row)


def _checked(record: Record, row: sheet.Annotation) -> Record:
    """The record, marked where the columns of its row say otherwise than its texts."""
    told = {
        "emotion_columns_differ": labels.emotions_differ(row.emotion, row.emotion_marks),
        "au_columns_differ": labels.aus_differ(row.au, row.au_marks),
    }
    differ = {quirk: note for quirk, note in told.items() if note}
    return replace(
        record,
        quirks=(*record.quirks, *differ),
        notes=(*record.notes, *differ.values()),
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("fourdme", FourDME, paper="doi:10.1109/TAFFC.2022.3182342")
