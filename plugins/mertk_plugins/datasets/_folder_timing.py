"""Onset, apex and offset of a row as positions in its frames, however the table counts them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

from mertk import datasets
from mertk.datasets.media.sources import Media
from mertk.datasets.spreadsheets import Row

Timing = tuple[int, int | None, int]
"""Onset, apex and offset as positions in the frames, the first is 0."""

Numbers = Literal["from0", "from1", "names"]

_NOTHING = frozenset({"", "/", "-", "na", "n/a", "nan", "none", "null", "?"})


def is_empty(text: str) -> bool:
    """Whether a cell says nothing, or has a word for it, such as NaN."""
    return text.strip().lower() in _NOTHING


def parse_timing(
    row: Row,
    media: Media | None,
    counts: Mapping[str, int],
    numbers: Numbers,
    wrong: Callable[[str, str], None],
) -> Timing | None:
    """Onset, apex and offset; None after naming the cell that is wrong.

    `counts` are the numbers of frames of the files, by column.
    """
    cells: dict[str, int | None] = {}
    for column in ("onset", "apex", "offset"):
        cells[column] = None
        if not is_empty(row[column]):
            try:
                given = datasets.spreadsheets.parse_integer(row[column])
                cells[column] = _find_position(given, media, numbers)
            except ValueError as problem:
                told = str(problem) if numbers == "names" else ""
                wrong(column, told or _explain_number(row[column]))
                return None
    if len(set(counts.values())) > 1:
        column = list(counts)[-1]
        found = ", ".join(f"{name} {count}" for name, count in counts.items())
        wrong(column, f"the files have other numbers of frames: {found}")
        return None
    given_last = [number or 0 for number in cells.values()]
    count = next(iter(counts.values()), 1 + max(given_last))
    return _check_order(cells, count, _advise(cells, media, count, numbers), wrong)


def _explain_number(text: str) -> str:
    """Why a cell is no position of a frame."""
    seconds = re.fullmatch(r"[0-9]+[.,][0-9]+", text.strip())
    hint = ": frames are counted, so multiply seconds by the frame rate" if seconds else ""
    return f"'{text}' is not a whole number{hint}"


def _find_position(number: int, media: Media | None, numbers: Numbers) -> int:
    """The position of a frame that the table calls `number`; raises `ValueError` for none."""
    if numbers == "from0":
        return number
    if numbers == "from1":
        return number - 1
    if media is None or media.kind != "frames":
        raise ValueError("numbers=names needs a folder of frames, whose file names have numbers")
    named = _list_numbers(media)
    if number not in named:
        raise ValueError(f"no frame has the number {number}; they are {named[0]} … {named[-1]}")
    return named.index(number)


def _list_numbers(media: Media) -> list[int]:
    return [int(re.findall(r"\d+", file.stem)[-1]) for file in media.files]


def _advise(
    cells: Mapping[str, int | None], media: Media | None, count: int, numbers: Numbers
) -> str:
    """How the table may count frames, where its numbers do not fit those from 0."""
    known = [number for number in cells.values() if number is not None]
    if numbers != "from0" or not known or max(known) < count:
        return ""
    if media is not None and media.kind == "frames" and set(known) <= set(_list_numbers(media)):
        return "; they are numbers in the file names: folder:numbers=names"
    if max(known) == count and min(known) > 0:
        return "; if the first frame is 1: folder:numbers=from1"
    return ""


def _check_order(
    cells: Mapping[str, int | None], count: int, advice: str, wrong: Callable[[str, str], None]
) -> Timing | None:
    onset, apex, given = cells["onset"] or 0, cells["apex"], cells["offset"]
    offset = count - 1 if given is None else given
    if not 0 <= onset < count:
        wrong("onset", f"{onset} does not fit {count} frames (0 … {count - 1}){advice}")
    elif offset >= count:
        wrong("offset", f"{offset} does not fit {count} frames (0 … {count - 1}){advice}")
    elif onset > offset:
        wrong("onset", f"onset {onset} lies after offset {offset}")
    elif apex is not None and not onset <= apex <= offset:
        wrong("apex", f"apex {apex} lies outside onset {onset} … offset {offset}{advice}")
    else:
        return onset, apex, offset
    return None
