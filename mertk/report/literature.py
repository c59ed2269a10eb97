"""Published scores, for comparison with ours: not measured here; known leaks are listed.

The table `published.csv` has a row a score. `part` is empty for all clips, or else a data set;
`leak` says what the authors' code shows of data that training must not see (`LEAKS`).
"""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mertk.core.printing import text_console

if TYPE_CHECKING:
    from rich.table import Table

    from mertk.evaluation.results import Results

LEAKS = {
    "L0": "a fixed schedule; the code shows no choice that uses test data",
    "L0?": "probably L0, but only a part of the code is known",
    "L1": "epoch or checkpoint chosen on the held-out subject",
    "L2": "parameters chosen by the leave-one-subject-out score itself",
    "L3": "a stage is fitted on data of the test subject",
    "L4": "the metric is computed in a favourable way",
    "L?": "the code is missing or incomplete: this cannot be checked",
}
"""What the codes mean; several are joined by +."""

TITLE = "published, not measured here"


@dataclass(frozen=True, slots=True)
class Score:
    """One printed number, as text; `model` is our name for the method where we have one."""

    protocol: str
    part: str
    model: str
    method: str
    score: str
    value: str
    source: str
    leak: str
    note: str


@dataclass(frozen=True, slots=True)
class TableLine:
    """A method's scores by (part, score); `marks` are the numbers of its footnotes, `ours` runs."""

    method: str
    leak: str
    source: str
    cells: Mapping[tuple[str, str], str]
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """Our runs and what was published on the same protocol.

    `columns` are parts with the scores that are printed of them; `notes` are the footnotes, whose
    numbers stand in brackets behind methods and numbers.
    """

    columns: tuple[tuple[str, tuple[str, ...]], ...]
    lines: tuple[TableLine, ...]
    notes: tuple[str, ...]
    leaks: Mapping[str, str]

    def cell(self, line: TableLine, part: str) -> str:
        """What a line has in a column, such as `0.588 / 0.579`; a dash where it has nothing."""
        found = [line.cells.get((part, score), "") for score in dict(self.columns)[part]]
        return " / ".join(text or "–" for text in found) if any(found) else "–"


@functools.cache
def read_published_scores() -> tuple[Score, ...]:
    """All published scores."""
    file = Path(__file__).with_name("published.csv")
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    return tuple(Score(**row) for row in rows)


def find_published_beside(results: Results) -> Beside | None:
    """What was published on the protocol of these runs, below the runs; None where nothing was."""
    printed = [one for one in read_published_scores() if one.protocol == results.protocol.name]
    if not printed:
        return None
    wanted: dict[str, dict[str, None]] = {}
    for one in printed:
        wanted.setdefault(one.part, {})[one.score] = None
    notes = list(dict.fromkeys(one.note for one in printed if one.note))
    met = {code for one in printed for code in one.leak.split("+")}
    return Beside(
        tuple((part, tuple(scores)) for part, scores in wanted.items()),
        (*_list_our_lines(results), *_list_printed_lines(printed, notes)),
        tuple(notes),
        {code: meaning for code, meaning in LEAKS.items() if code in met},
    )


def _list_our_lines(results: Results) -> Iterator[TableLine]:
    """The runs themselves, without the intervals that stand in the table above."""
    names = list(results.chance)
    rows = results.table().assign(part="").to_dict("records")
    rows += results.parts().to_dict("records")
    cells: dict[str, dict[tuple[str, str], str]] = {}
    for row in rows:
        known = {(row["part"], n): f"{row[n]:.3f}" for n in names if not math.isnan(row[n])}
        cells.setdefault(row["model"], {}).update(known)
    for model, found in cells.items():
        yield TableLine(model, "", "this run", found, ours=True)


def _list_printed_lines(printed: Iterable[Score], notes: Sequence[str]) -> Iterator[TableLine]:
    """One line a method; a footnote of all its numbers is marked once, behind its name."""
    methods: dict[tuple[str, str, str], list[Score]] = {}
    for one in printed:
        methods.setdefault((one.method, one.leak, one.source), []).append(one)
    for (method, leak, source), scores in methods.items():
        common = scores[0].note if len({one.note for one in scores}) == 1 else ""
        cells = {
            (one.part, one.score): one.value + ("" if common else _format_mark(one.note, notes))
            for one in scores
        }
        yield TableLine(method + _format_mark(common, notes), leak, source, cells)


def _format_mark(note: str, notes: Sequence[str]) -> str:
    return f" [{notes.index(note) + 1}]" if note else ""


def print_published(found: Beside) -> None:
    """Print the table and its footnotes on standard output."""
    console = text_console()
    console.print(_make_table(found))
    for number, note in enumerate(found.notes, 1):
        console.print(f"[{number}] {note}.")
    for code, meaning in found.leaks.items():
        console.print(f"{code}: {meaning}.")


def _make_table(found: Beside) -> Table:
    from rich.table import Table

    drawn = Table(title=TITLE, title_justify="left", box=None, padding=(0, 1, 0, 0))
    drawn.add_column("method", overflow="fold", min_width=14)
    for part, scores in found.columns:
        drawn.add_column(f"{part or 'all clips'}\n{' / '.join(scores)}", justify="right")
    drawn.add_column("leak")  # the sources are in the page: there is no room for them here
    for line in found.lines:
        cells = [found.cell(line, part) for part, _ in found.columns]
        style = "bold" if line.ours else ""
        drawn.add_row(line.method, *cells, line.leak, style=style)
    return drawn
