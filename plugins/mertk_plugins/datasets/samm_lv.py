"""SAMM long videos: 159 micro- and 343 macro-expressions in 147 recordings of 30 people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import mertk
from mertk import datasets
from mertk.datasets.annotations import Source
from mertk.datasets.corrections import Repair
from mertk.datasets.folders import Found, Place, Tree
from mertk.datasets.reader import Line
from mertk.datasets.record import Record
from mertk.datasets.survey import Reading
from mertk_plugins.datasets import _samm_names as names

Wanted = Literal["micro", "macro", "all"]

_HERE = Path(__file__)
_PUBLISHED = datasets.reader.read_published(_HERE.with_name("_published.toml"))["samm_lv"]
_NO_FRAME = datasets.annotations.NO_FRAME | {"-1", "-1.0"}
_ASSUMED_OF_V3 = "V3 is recognised by its file name alone, and read as if it had the columns of V2"


@dataclass(kw_only=True, eq=False)
class SAMMLongVideos(datasets.reader.SpreadsheetReader):
    """SAMM long videos, from their spreadsheet and one folder of frames a recording.

    The label says whether an expression is micro or macro; the spreadsheet has no emotions.

    Args:
        expressions: which expressions are read: `micro`, `macro` or `all`.
        tree: which frames are read: `long` (recordings as released), `cropped`, or with `auto` the
            first of these that exists.
    """

    default_protocol = "loso"
    obtain = "the page 'SAMM dataset' of Manchester Metropolitan University (signed form by mail)"

    name = "samm_lv"
    layout = (
        "The folder should hold SAMM_LongVideos_V3_Release.xlsx (or V2, V1) and one folder of "
        "frames a recording, such as SAMM_longvideos/006_1/006_1_0001.jpg."
    )
    kinds = ("long", "cropped")
    file_pattern = r"samm.*long.*videos?"
    file_names = tuple(f"SAMM_LongVideos_V{version}_Release.xlsx" for version in (3, 2, 1))
    titles = ("FACS_Movement_Only",)
    columns = _PUBLISHED.columns
    optional = _PUBLISHED.optional
    known_errors = _HERE.with_name("_samm_lv_repairs.csv")

    expressions: Wanted = "micro"
    tree: Literal["auto", "long", "cropped"] = "auto"

    def read(self, found: Found, tree: Tree | None) -> Reading:  # noqa: ARG002
        """The records of the expressions that are wanted; raises `DataError` if there are none."""
        table = self.read_table(found)
        lines = self.lines(table, empty=True)
        version = _find_version(table.file)
        repairs = _add_repairs(datasets.corrections.read_repairs(self.known_errors), lines)
        source = self.make_source(
            found, repairs=repairs, no_frame=_NO_FRAME, number=_round_frame_number
        )
        wanted = (line for line in lines if self.expressions in ("all", _parse_kind(line)))
        records = [self.read_line(source, line) for line in wanted]
        if not records:
            raise mertk.DataError(f"{table.place()}: no rows for expressions={self.expressions}")
        published = _PUBLISHED.groups[self.expressions]
        editions = [replace(one, name=name) for name in ("V3", "V2", "V1") for one in published]
        fits = [edition for edition in editions if edition.name == version]
        edition = datasets.editions.recognise_edition(records, fits)
        assumed = [_ASSUMED_OF_V3] if version == "V3" else []
        return datasets.survey.Reading(source, records, editions, [table.file], assumed, edition)

    def read_line(self, source: Source, line: Line) -> Record:
        """The record of a row; raises `DataError` where a name is none."""
        known, kind = names.read_common_fields(line), _parse_kind(line)
        return line.record(source, **known, label=kind, expression_type=kind, uid_tail=kind)

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/006_1` is a recording."""
        video = names.VIDEO.parse(folder.name)
        if video is None or folder == root:
            return None
        return names.place(root, folder, video, "long")

    def key(self, record: Record) -> str:
        """The recording that an expression is in."""
        return record.video


def _parse_kind(line: Line) -> Literal["micro", "macro"]:
    text = line.need("type")[0].lower()
    if text.startswith("micro"):
        return "micro"
    if text.startswith("macro"):
        return "macro"
    raise line.wrong("type", "is neither Macro nor Micro")


def _find_version(file: Path) -> str:
    """`V1`, `V2` or `V3` by the name of the file; V2 where it has none.

    Fractions of frames are no sign: the cells of V2 hold them, shown as whole numbers, and only
    exports such as csv are rounded.
    """
    found = re.search(r"v([123])(?![0-9])", file.stem, re.IGNORECASE)
    return f"V{found[1]}" if found else "V2"


def _add_repairs(
    known: Mapping[str, tuple[Repair, ...]], lines: Iterable[Line]
) -> Mapping[str, tuple[Repair, ...]]:
    """The table of known errors, and rows for ids and for what begins at frame 0."""
    found = dict(known)
    for line in lines:
        person, clip = names.read_names(line)
        key = f"{person}/{clip}"
        found[key] = (*found.get(key, ()), *_list_repairs(key, line["onset"]))
    return found


def _list_repairs(key: str, onset: str) -> Iterator[Repair]:
    """The onsets in ids are whole, and files are counted from 1."""
    try:
        number = _round_frame_number(onset)
    except ValueError:
        return
    if onset != str(number):
        why = "ids have the number that is shown"
        yield Repair("V1 V2 V3", key, "uid", onset, str(number), "flag", "fraction_of_a_frame", why)
    if number == 0:
        why = "the expression has begun when the recording does; its files are counted from 1"
        quirk = "begins_before_recording"
        yield Repair("V1 V2 V3", key, "onset", onset, "1", "recommended", quirk, why)


def _round_frame_number(text: str) -> int:
    """A frame number, halves to the even one; raises `ValueError`."""
    number = float(text)
    if not abs(number) < float("inf"):
        raise ValueError(f"{text} is no frame number")
    return round(number)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("samm_lv", SAMMLongVideos, paper="arxiv:1911.01519")
