"""Which cells of an edited copy differ from the published file, whose content is known by its hash.

The published values themselves are not stored. A cell can be named where the table of known errors
has its published value, or where one change gives the published hash: all likely ones are tried.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mertk.datasets.corrections import Repair, list_repair_keys
from mertk.datasets.editions import Cells, Edition, hash_lines, list_timing
from mertk.datasets.record import canonical_emotion

_MOST_BYTES = 1_500_000_000  # hashed in one search: a few seconds
_WIDEST = 400  # frames that an edited frame number is looked for on both sides
_TIMES = ("onset", "apex", "offset")


class Edit(NamedTuple):
    """A cell that is not as published; of a lost row `found` is ''."""

    clip: str
    field: str
    found: str
    published: str


def find_edits(
    dataset: str, edition: Edition, rows: Sequence[Cells], repairs: Mapping[str, Sequence[Repair]]
) -> list[Edit]:
    """The cells that differ, as far as they can be told; `repairs` is the table of known errors."""
    edits = list(compare_known_cells(edition, rows, repairs))
    mended = _undo_edits(rows, edits)
    for what in edition.find_edited(dataset, mended):
        if what == "timing":
            edits += _search_timing(list_timing(mended), edition.timing)
        else:
            edits += _search_labels(edition.list_labels(dataset, mended), edition.label_list)
    return edits


def compare_known_cells(
    edition: Edition, rows: Sequence[Cells], repairs: Mapping[str, Sequence[Repair]]
) -> Iterator[Edit]:
    """The cells whose published value the table of known errors has, and which hold another."""
    for row in rows:
        keys = list_repair_keys(row.subject, row.clip, row.onset, row.apex)
        for repair in itertools.chain.from_iterable(repairs.get(key, ()) for key in keys):
            if edition.name in repair.editions.split():
                yield from _compare_cell(row, repair)


def _compare_cell(row: Cells, repair: Repair) -> Iterator[Edit]:
    clip = f"{row.subject}/{row.clip}"
    fields: Sequence[str] = (repair.field,)
    texts: Sequence[str] = (repair.published,)
    if repair.field == "frames":
        fields, texts = _TIMES, repair.published.split()
    elif repair.field == "emotion":
        fields, texts = ("label",), (canonical_emotion(repair.published),)
    elif repair.field not in _TIMES:
        return
    for field, text in zip(fields, texts, strict=True):
        found = getattr(row, field)
        if text not in ("*", found):
            yield Edit(clip, field, found, text)


def _undo_edits(rows: Sequence[Cells], edits: Iterable[Edit]) -> list[Cells]:
    """The rows with the published values in these cells."""
    published: dict[str, dict[str, str]] = {}
    for edit in edits:
        published.setdefault(edit.clip, {})[edit.field] = edit.published
    return [row._replace(**published.get(f"{row.subject}/{row.clip}", {})) for row in rows]


def _search_timing(lines: Iterable[str], wanted: str) -> list[Edit]:
    """The one frame number whose change gives the wanted hash, if there is one."""
    ordered = sorted(lines)
    size = sum(map(len, ordered))
    width = min(_WIDEST, _MOST_BYTES // max(1, len(ordered) * len(_TIMES) * size))
    numbers = functools.partial(_list_numbers, width)
    for name, cells, column, text in _try_changes(ordered, wanted, 3, numbers):
        return [Edit(name, _TIMES[column], cells[column], text)]
    return []


def _list_numbers(width: int, cells: Sequence[str], column: int) -> Iterable[str]:
    """Frame numbers around the one in the cell, or else between onset and offset; or none."""
    known = [int(cell) for cell in cells if cell.isdecimal()]
    numbers = range(min(known, default=0), max(known, default=0) + width + 1)
    if cells[column].isdecimal():
        middle = int(cells[column])
        numbers = range(max(0, middle - width), middle + width + 1)
    return itertools.chain(map(str, numbers), ("", "/"))


def _search_labels(lines: Sequence[str], wanted: str) -> list[Edit]:
    """The one label, or the two exchanged ones, whose change gives the wanted hash."""
    ordered = sorted(lines)
    words = sorted({line.rstrip("\n").rpartition(",")[2] for line in ordered})
    for name, cells, _, text in _try_changes(ordered, wanted, 1, lambda _cells, _column: words):
        return [Edit(name.partition("/")[2], "label", cells[0], text)]
    if len(ordered) ** 2 // 2 * sum(map(len, ordered)) > _MOST_BYTES:
        return []
    parts = [line.rstrip("\n").rpartition(",") for line in ordered]
    for one, other in itertools.combinations(range(len(ordered)), 2):
        (name, _, label), (second, _, second_label) = parts[one], parts[other]
        if label == second_label:
            continue
        changed = list(ordered)
        changed[one], changed[other] = f"{name},{second_label}\n", f"{second},{label}\n"
        if hashlib.sha256("".join(changed).encode()).hexdigest() == wanted:
            return [
                Edit(name.partition("/")[2], "label", label, second_label),
                Edit(second.partition("/")[2], "label", second_label, label),
            ]
    return []


def _try_changes(
    ordered: Sequence[str],
    wanted: str,
    columns: int,
    candidates: Callable[[Sequence[str], int], Iterable[str]],
) -> Iterator[tuple[str, list[str], int, str]]:
    """Every change of one cell that gives the wanted hash: name, cells, column and new text."""
    whole, before = "".join(ordered).encode(), hashlib.sha256()
    at = 0
    for line in ordered:
        at += len(line.encode())
        name, *cells = line.rstrip("\n").rsplit(",", columns)
        for column in range(columns):
            for text in candidates(cells, column):
                changed = [*cells[:column], text, *cells[column + 1 :]]
                found = before.copy()
                found.update(f"{name},{','.join(changed)}\n".encode() + whole[at:])
                if found.hexdigest() == wanted:
                    yield name, cells, column, text
        before.update(line.encode())


def find_lost_row(
    dataset: str, edition: Edition, rows: Sequence[Cells], folders: Collection[str] = ()
) -> Edit | None:
    """The one row that the labels' hash says is lost; `folders` are `subject/clip` without a row.

    Names are tried that a folder has, or that another person's clip suggests. The label is the one
    that the counts lack.
    """
    lacking = Counter(edition.labels) - Counter(row.label for row in rows)
    if edition.rows - len(rows) != 1 or not edition.label_list or lacking.total() != 1:
        return None
    (label,) = lacking
    lines = edition.list_labels(dataset, rows)
    labels = {label, *edition.hashed_as.values()}
    known = {f"{row.subject}/{row.clip}" for row in rows}
    for name in dict.fromkeys([*folders, *_suggest_names(edition, rows)]):
        for word in () if name in known else labels:
            if hash_lines([*lines, f"{dataset}/{name},{word}\n"]) == edition.label_list:
                return Edit(name, "row", "", label)
    return None


def _suggest_names(edition: Edition, rows: Sequence[Cells]) -> Iterator[str]:
    """Names of clips that a person may have, as other people have them."""
    people = {row.subject for row in rows} | {*edition.people}
    forms = {row.clip.replace(_number_of(row.subject), "{}", 1) for row in rows}
    for person in sorted(people):
        for form in sorted(forms):
            yield f"{person}/{form.replace('{}', _number_of(person))}"


def _number_of(subject: str) -> str:
    return re.sub("^[^0-9]*", "", subject) or subject
