"""SAMM long videos: 159 micro- and 343 macro-expressions in 147 recordings of 30 people."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _samm_names as names

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.corrections import Repair
    from mertk.datasets.record import Record
    from mertk.datasets.spreadsheets import Row, Table

LAYOUT = (
    "The folder should hold SAMM_LongVideos_V3_Release.xlsx (or V2, V1) and one folder of frames a "
    "recording, such as SAMM_longvideos/006_1/006_1_0001.jpg."
)
KINDS = ("long", "cropped")
"""Kinds of frame trees, the preferred one first."""

Wanted = Literal["micro", "macro", "all"]

_FPS = 200.0
_NAMES = tuple(f"SAMM_LongVideos_V{version}_Release.xlsx" for version in (3, 2, 1))
_FILE = r"samm.*long.*videos?"
_SHEET = "FACS_Movement_Only"
_NO_FRAME = datasets.annotations.NO_FRAME | {"-1", "-1.0"}
_FRACTION = re.compile(r"-?[0-9]{1,9}\.[0-9]+")
_WORDS = {"crop": "cropped"}
_REPAIRS = Path(__file__).with_name("_samm_lv_repairs.csv")
_ASSUMED_OF_V3 = "V3 is told from V2 by its file name, and read as if it had the columns of V2"
_COUNTS: Mapping[Wanted, tuple[int | None, dict[str, int]]] = {
    "micro": (29, {"micro": 159}),
    "macro": (None, {"macro": 343}),
    "all": (30, {"micro": 159, "macro": 343}),
}


class SAMMLongVideos:
    """SAMM long videos, from their spreadsheet and one folder of frames a recording.

    The label says whether an expression is micro or macro; the spreadsheet has no emotions.

    Args:
        expressions: which expressions are read: `micro`, `macro` or `all`.
        tree: which frames are read: `long` (recordings as released), `cropped`, or with `auto` the
            first of these that exists.
        repair, missing, sheet: see `mertk_plugins.datasets`.
    """

    default_protocol = "loso"
    obtain = "the page 'SAMM dataset' of Manchester Metropolitan University (signed form by mail)"

    def __init__(
        self,
        *,
        expressions: Wanted = "micro",
        tree: Literal["auto", "long", "cropped"] = "auto",
        repair: Literal["none", "official", "recommended"] = "recommended",
        missing: Literal["error", "skip"] = "error",
        sheet: str | None = None,
    ) -> None:
        self.expressions: Wanted = expressions
        self.tree: Literal["auto", "long", "cropped"] = tree
        self.repair: datasets.corrections.Level = repair
        self.missing: Literal["error", "skip"] = missing
        self.sheet = sheet

    def index(self, root: Path | None, /) -> Sequence[mertk.Clip]:
        """One clip per row of the spreadsheet; raises `DataError` where the folder is not right."""
        return datasets.survey.usable(self.survey(root), self.missing)

    def survey(self, root: Path | None, /) -> datasets.survey.Survey:
        """Everything that can be said about a folder, with problems listed instead of raised."""
        found = datasets.folders.explore("samm_lv", root, LAYOUT)
        file = datasets.folders.choose_sheet("samm_lv", found, _FILE, _NAMES, self.sheet)
        file = datasets.folders.need_sheet("samm_lv", found, file, LAYOUT)
        table = datasets.spreadsheets.read_table(file, before=[_SHEET])
        rows = _Rows(table)
        source = datasets.annotations.Source(
            dataset="samm_lv",
            root=found.root,
            repairs=rows.repairs(),
            level=self.repair,
            no_frame=_NO_FRAME,
            number=_rounded,
        )
        records = list(rows.records(source, self.expressions))
        if not records:
            raise mertk.DataError(f"{table.place()}: no rows for expressions={self.expressions}")
        trees = datasets.folders.trees(found, functools.partial(_place, found.root))
        tree, no_tree = datasets.folders.choose_tree("samm_lv", found, trees, KINDS, self.tree)
        editions = _editions(self.expressions)
        return datasets.survey.survey(
            source,
            records,
            tree=tree,
            no_tree=no_tree,
            key=lambda record: record.video,
            layout=LAYOUT,
            edition=datasets.survey.recognised(
                records, [e for e in editions if e.name == rows.version]
            ),
            editions=editions,
            sheets=[file],
            assumed=[_ASSUMED_OF_V3] if rows.version == "V3" else [],
        )


class _Rows:
    """The rows of a spreadsheet, and what is a rule rather than an error of one row."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._onset = table.column("onset", "onsetframe")
        self._apex = table.column("apex", "apexframe")
        self._offset = table.column("offset", "offsetframe")
        self._type = table.column("type")
        self._au = table.column("actionunits", "actionunit", "aus", "au")
        self._inducement = table.optional("inducementcode")
        self._notes = table.optional("notes")

    @property
    def version(self) -> str:
        """`V1` has frame numbers with fractions; `V3` is known by its name alone."""
        if any(_is_fraction(text) for row in self._table.rows for text in self._timing(row)):
            return "V1"
        return "V3" if "v3" in self._table.file.name.lower() else "V2"

    def repairs(self) -> Mapping[str, tuple[Repair, ...]]:
        """The table of known errors, and rows for fractions and for what begins at frame 0."""
        found = dict(datasets.corrections.read(_REPAIRS))
        for row in self._table.rows:
            person, clip = self._named(row)
            key = f"{person}/{clip}"
            found[key] = (*found.get(key, ()), *_rules(key, self._timing(row)))
        return found

    def records(self, source: Source, expressions: Wanted) -> Iterator[Record]:
        """The rows of these expressions as records."""
        for row in self._table.rows:
            kind = self._kind(row)
            if expressions in ("all", kind):
                yield self._record(source, row, kind)

    def _record(self, source: Source, row: Row, kind: Literal["micro", "macro"]) -> Record:
        person, clip = self._named(row)
        onset, apex, offset = self._timing(row)
        video = names.video_of(clip)
        return datasets.annotations.annotated(
            source,
            place=f"row {row.number}",
            subject=person,
            subject_native=row["subject"],
            inducement=row[self._inducement],
            clip=clip,
            video=video,
            onset=onset,
            apex=apex,
            offset=offset,
            fps=_FPS,
            label=kind,
            au=row[self._au],
            expression_type=kind,
            modality="grey",
            uid_tail=kind,
            long_offset=names.long_offsets().get(video),
            extra={"remarks": row[self._notes]} if row[self._notes] else {},
        )

    def _named(self, row: Row) -> tuple[str, str]:
        table = self._table
        return names.named(table, row, table.column("subject"), table.column("filename"))

    def _timing(self, row: Row) -> tuple[str, str, str]:
        return row[self._onset], row[self._apex], row[self._offset]

    def _kind(self, row: Row) -> Literal["micro", "macro"]:
        text = self._table.filled(row, self._type).lower()
        if text.startswith("micro"):
            return "micro"
        if text.startswith("macro"):
            return "macro"
        raise mertk.DataError(
            f"{self._table.place(row, self._type)}: '{row[self._type]}' is neither Macro nor Micro"
        )


def _rules(key: str, timing: tuple[str, str, str]) -> Iterator[Repair]:
    """Frame numbers and the onsets in ids are whole, and files are counted from 1."""
    for field, text in zip(("onset", "apex", "offset"), timing, strict=True):
        if _is_fraction(text):
            yield datasets.corrections.Repair(
                "V1", key, field, text, str(_rounded(text)), "official", "fraction_of_a_frame",
                "V2 has the rounded number",
            )  # fmt: skip
    onset = timing[0]
    try:
        number = _rounded(onset)
    except ValueError:
        return
    if onset != str(number):
        yield datasets.corrections.Repair(
            "V1", key, "uid", onset, str(number), "flag", "fraction_of_a_frame",
            "ids keep the onset of V2",
        )  # fmt: skip
    if number == 0:
        yield datasets.corrections.Repair(
            "V1 V2 V3", key, "onset", onset, "1", "recommended", "begins_before_recording",
            "the expression has begun when the recording does; its files are counted from 1",
        )  # fmt: skip


def _rounded(text: str) -> int:
    """A frame number, halves to the even one as in V2; raises `ValueError`."""
    number = float(text)
    if not abs(number) < float("inf"):
        raise ValueError(f"{text} is no frame number")
    return round(number)


def _is_fraction(text: str) -> bool:
    return bool(_FRACTION.fullmatch(text)) and not float(text).is_integer()


def _editions(expressions: Wanted) -> list[datasets.survey.Edition]:
    people, labels = _COUNTS[expressions]
    rows = sum(labels.values())
    return [datasets.survey.Edition(name, rows, people, labels) for name in ("V3", "V2", "V1")]


def _place(root: Path, folder: Path) -> datasets.folders.Place | None:
    """`…/006_1` is a recording."""
    video = names.video(folder.name)
    if video is None or folder == root:
        return None
    base = names.base(folder, root)
    return datasets.folders.Place(base, datasets.folders.kind_of(base, root, _WORDS, "long"), video)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("samm_lv", SAMMLongVideos, paper="arxiv:1911.01519")
