"""4DME: 267 micro-expressions, filmed in grey at 60 frames a second, with several emotions each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _fourdme_labels as labels
from mertk_plugins.datasets import _fourdme_names as names
from mertk_plugins.datasets import _fourdme_sheet as sheets

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.folders import Found, Place, Tree
    from mertk.datasets.reader import Reading
    from mertk.datasets.record import Record

_NUMBERS = "the last number in a picture's name is the frame number of the annotations"


@dataclass(kw_only=True, eq=False)
class FourDME(datasets.reader.SpreadsheetReader):
    """The grey videos of 4DME, from its spreadsheet and one of its trees of frames.

    A record's `emotions` are all of a clip's, its label joins them (`positive+surprise`). People
    who came twice (S13_1st, S13_2nd) are one subject, so that no fold holds one of their sessions
    out and trains on the other.

    Args:
        tree: which frames are read: `raw`, `cropped`, or with `auto` the first of these that
            exists.
    """

    default_protocol = "fourdme_5"
    obtain = "University of Oulu, Center for Machine Vision and Signal Analysis (licence agreement)"

    name = "fourdme"
    layout = (
        "The folder should hold '4DME_Labelling_Micro_release v1.xlsx' and a tree of grey frames "
        "(gray_micro or gray_micro_crop) with folders such as S13_1st/001_01_1. Colour, depth, 4D "
        "and macro-expressions are not read."
    )
    kinds = ("raw", "cropped")
    editions = sheets.EDITIONS
    file_pattern = r"4d[ _-]?m(?:e|icro)(?!.*macro)"
    file_names = ("4DME_Labelling_Micro_release v1.xlsx", "4DME_Labelling_Micro.xlsx")
    known_errors = Path(__file__).with_name("_fourdme_repairs.csv")

    tree: Literal["auto", "raw", "cropped"] = "auto"

    def read(self, found: Found, tree: Tree | None) -> Reading:  # noqa: ARG002
        """The records of the spreadsheet, in the release or in the list before it."""
        table = self.read_table(found)
        coding = sheets.read_coding(table)
        known = datasets.corrections.read_repairs(self.known_errors)
        source = self.make_source(
            found, repairs={**known, **sheets.list_swapped_rows(table, coding)}
        )
        records = [_make_record(source, row) for row in coding.rows]
        return datasets.reader.Reading(
            source=source,
            records=records,
            edition=sheets.recognise_edition(coding, records),
            editions=self.editions,
            sheets=[table.file],
            assumed=[*coding.assumed, _NUMBERS],
        )

    def place(self, root: Path, folder: Path) -> Place | None:
        """A clip of a person in one of their sessions, see `names.place`."""
        return names.classify_folder(root, folder)

    def key_in(self, tree: Tree | None) -> Callable[[Record], str]:
        """Finds the folder of a record, whether its session is told or not."""
        return names.key_in(tree)


def _make_record(source: Source, row: sheets.Annotation) -> Record:
    subject, session = row.person.subject, row.person.session
    repairs = source.rows(subject, row.clip, row.onset, row.apex)
    final, _ = datasets.corrections.apply_repairs(repairs, {"emotion": row.emotion}, source.level)
    emotions = labels.select_emotions(final["emotion"])
    record = datasets.annotations.make_record(
        source,
        place=f"row {row.row}",
        subject=subject,
        subject_native=row.native,
        session=session,
        clip=row.clip,
        onset=row.onset,
        apex=row.apex,
        offset=row.offset,
        fps=60.0,
        emotion=row.emotion,
        emotions=emotions,
        au=row.au,
        self_report=row.self_report,
        modality="grey",
        uid_tail=session,
        quirks=labels.find_quirks(final["emotion"]),
    )
    if emotions:
        record = replace(record, label="+".join(emotions), emotion="+".join(emotions))
    return _mark_disagreements(record, row)


def _mark_disagreements(record: Record, row: sheets.Annotation) -> Record:
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
