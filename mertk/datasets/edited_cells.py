"""Which cells of an edited copy differ from the published file, whose content is known by its hash.

The published values themselves are not stored. A cell can be named where the table of known errors
has its published value, or where one change gives the published hash: all likely ones are tried.
"""

from __future__ import annotations

import bisect
import functools
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mertk.datasets.corrections import Repair, list_repair_keys
from mertk.datasets.editions import Cells, Edition, list_timing
from mertk.datasets.record import canonical_emotion

_MOST_BYTES = 4_000_000_000  # hashed in one search: a few seconds
_CALL = 2_000  # bytes that could be hashed in the time of a call
_WIDEST = 400  # frames that an edited frame number is looked for on both sides
_MORE_NUMBERS = 3  # beyond those of other clips: names that a lost row may have
_LAST_NUMBER = re.compile(r"(?P<head>.*?)(?P<number>[0-9]+)(?P<tail>[^0-9{}]*)")
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
    known = _SortedLines(lines)
    half = len(known.whole) // 2  # hashed a try: what stands before the row is hashed once
    tries = _MOST_BYTES // max(1, len(known.ordered) * len(_TIMES) * (half + _CALL))
    numbers = functools.partial(_list_numbers, tries)
    for name, cells, column, text in _try_changes(known, wanted, 3, numbers):
        return [Edit(name, _TIMES[column], cells[column], text)]
    return []


def _list_numbers(tries: int, cells: Sequence[str], column: int) -> Iterable[str]:
    """Frame numbers that may have been published, the likely ones first.

    These are slips of a digit and numbers near by, `tries` of them; where the timing of the row
    cannot be, all in a wide range.
    """
    known = [int(cell) for cell in cells if cell.isdecimal()]
    if not cells[column].isdecimal():
        near = range(min(known, default=0), max(known, default=0) + min(tries, _WIDEST) + 1)
        return itertools.chain(("", "/"), map(str, near))
    middle = int(cells[column])
    width = _WIDEST if known != sorted(known) else min(_WIDEST, tries // 2)
    near = range(max(0, middle - width), middle + width + 1)
    found = [*_list_slips(cells[column]), *map(str, sorted(near, key=lambda n: abs(n - middle)))]
    most = None if width == _WIDEST else tries
    return itertools.chain(list(dict.fromkeys(found))[:most], ("", "/"))


def _list_slips(text: str) -> Iterator[str]:
    """Numbers of which `text` may be a slip: one digit is another, two changed places."""
    for at in range(len(text) - 1):
        yield text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    for at in range(len(text)):
        for digit in "0123456789":
            yield text[:at] + digit + text[at + 1 :]


def _search_labels(lines: Sequence[str], wanted: str) -> list[Edit]:
    """The one label, or the two exchanged ones, whose change gives the wanted hash."""
    known = _SortedLines(lines)
    ordered = known.ordered
    words = sorted({line.rstrip("\n").rpartition(",")[2] for line in ordered})
    for name, cells, _, text in _try_changes(known, wanted, 1, lambda _cells, _column: words):
        return [Edit(name.partition("/")[2], "label", cells[0], text)]
    if len(ordered) ** 2 // 6 * sum(map(len, ordered)) > _MOST_BYTES:
        return []
    parts = [line.rstrip("\n").rpartition(",")[::2] for line in ordered]
    for one, other in _try_exchanges(known, parts, wanted):
        (name, label), (second, second_label) = parts[one], parts[other]
        return [
            Edit(name.partition("/")[2], "label", label, second_label),
            Edit(second.partition("/")[2], "label", second_label, label),
        ]
    return []


def _try_exchanges(
    lines: _SortedLines, parts: Sequence[tuple[str, str]], wanted: str
) -> Iterator[tuple[int, int]]:
    """Every two rows whose exchanged labels give the wanted hash; each part is hashed once.

    Several rows of one name, which the labels sort, are not tried.
    """
    labels, ends = {label for _, label in parts}, lines.ends
    for one, (name, label) in enumerate(parts):
        for second_label in labels - {label}:
            state = lines.states[one].copy()
            state.update(f"{name},{second_label}\n".encode())
            for other in range(one + 1, len(parts)):
                second, found = parts[other]
                if found == second_label:
                    exchanged = state.copy()
                    exchanged.update(f"{second},{label}\n".encode())
                    exchanged.update(lines.whole[ends[other + 1] :])
                    if exchanged.hexdigest() == wanted:
                        yield one, other
                state.update(lines.whole[ends[other] : ends[other + 1]])


def _try_changes(
    lines: _SortedLines,
    wanted: str,
    columns: int,
    candidates: Callable[[Sequence[str], int], Iterable[str]],
) -> Iterator[tuple[str, list[str], int, str]]:
    """Every change of one cell that gives the wanted hash: name, cells, column and new text."""
    for at, line in enumerate(lines.ordered):
        name, *cells = line.rstrip("\n").rsplit(",", columns)
        for column in range(columns):
            for text in candidates(cells, column):
                changed = [*cells[:column], text, *cells[column + 1 :]]
                if lines.hash_replaced(at, f"{name},{','.join(changed)}\n") == wanted:
                    yield name, cells, column, text


class _SortedLines:
    """Sorted lines whose hash with one more or one other line is found quickly."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.ordered = sorted(lines)
        encoded = [line.encode() for line in self.ordered]
        self.whole = memoryview(b"".join(encoded))
        self.ends = [0, *itertools.accumulate(map(len, encoded))]
        self.states = [hashlib.sha256()]
        for line in encoded:
            self.states.append(self.states[-1].copy())
            self.states[-1].update(line)

    def hash_replaced(self, at: int, line: str) -> str:
        """The hash with another line in place of the one at this position, sorted anew."""
        place, ends = bisect.bisect(self.ordered, line), self.ends
        state = self.states[min(at, place)].copy()
        if place > at + 1:
            state.update(self.whole[ends[at + 1] : ends[place]])
        state.update(line.encode())
        if place < at:
            state.update(self.whole[ends[place] : ends[at]])
        state.update(self.whole[ends[max(at + 1, place)] :])
        return state.hexdigest()

    def hash_added(self, line: str) -> str:
        """The hash with one more line."""
        place = bisect.bisect(self.ordered, line)
        state = self.states[place].copy()
        state.update(line.encode())
        state.update(self.whole[self.ends[place] :])
        return state.hexdigest()


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
    sure = [*folders, *_suggest_names(edition, rows)]
    for names in (sure, _suggest_numbers(edition, rows)):
        repeated = len(known) < len(rows)  # several clips may have one name
        wanted = (name for name in dict.fromkeys(names) if repeated or name not in known)
        found = _try_rows(dataset, lines, wanted, labels, edition.label_list)
        if found:
            return Edit(found, "row", "", label)
    return None


def _try_rows(
    dataset: str, lines: Iterable[str], names: Iterable[str], labels: Iterable[str], wanted: str
) -> str:
    """The name with which one more row gives the wanted hash, or ''."""
    known, words, left = _SortedLines(lines), sorted(labels), _MOST_BYTES
    for name in names:
        for word in words:
            if known.hash_added(f"{dataset}/{name},{word}\n") == wanted:
                return name
            left -= len(known.whole) // 2 + _CALL
        if left < 0:
            break
    return ""


def _suggest_names(edition: Edition, rows: Sequence[Cells]) -> Iterator[str]:
    """Names of clips that a person may have, as other people have them."""
    people = {row.subject for row in rows} | {*edition.people}
    forms = {row.clip.replace(_number_of(row.subject), "{}", 1) for row in rows}
    for person in sorted(people):
        for form in sorted(forms):
            yield f"{person}/{form.replace('{}', _number_of(person))}"


def _suggest_numbers(edition: Edition, rows: Sequence[Cells]) -> Iterator[str]:
    """Names with other last numbers than other clips have: `anger1_7`, though none is a 7."""
    people = {row.subject for row in rows} | {*edition.people}
    forms: set[tuple[str, str]] = set()
    numbers: set[str] = set()
    for row in rows:
        clip = row.clip.replace(_number_of(row.subject), "{}", 1)
        if parts := _LAST_NUMBER.fullmatch(clip):
            forms.add((parts["head"], parts["tail"]))
            numbers.add(parts["number"])
    width = min(map(len, numbers), default=1)
    most = max(map(int, numbers), default=0) + _MORE_NUMBERS
    for number in range(min(most, _WIDEST) + 1):
        for (head, tail), person in itertools.product(sorted(forms), sorted(people)):
            yield f"{person}/{head.replace('{}', _number_of(person))}{number:0{width}d}{tail}"


def _number_of(subject: str) -> str:
    return re.sub("^[^0-9]*", "", subject) or subject
