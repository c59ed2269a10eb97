"""What papers report, for comparison with our scores, and what to cite for a run.

The table `published.csv` has a row a score. `part` is empty for all clips, or else a data set;
`leak` says what the authors' code shows of data that training must not see (`LEAKS`). `model` is
our name for the method where we have one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mertk.core.printing import text_console
from mertk.core.recipe import Recipe
from mertk.report.tables import make_table, print_lines

if TYPE_CHECKING:
    import pandas as pd

    from mertk.evaluation.results import Results
    from mertk.plugins.registry import Entry, Registry
    from mertk.storage.ledger import Run

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

_SPECIAL = re.compile(r"([&%$#_{}])")


@dataclass(frozen=True, slots=True)
class TableLine:
    """A method's scores by (part, score), with the numbers of their footnotes; `ours`: a run."""

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
def read_scores(name: str) -> pd.DataFrame:
    """A table of scores beside this module, all cells as text."""
    import pandas as pd

    return pd.read_csv(Path(__file__).with_name(name), dtype=str, keep_default_na=False)


def read_published_scores() -> pd.DataFrame:
    """All published scores."""
    return read_scores("published.csv")


def find_published_beside(results: Results) -> Beside | None:
    """What was published on the protocol of these runs, below the runs; None where nothing was."""
    printed = read_published_scores()
    printed = printed[printed["protocol"] == results.protocol.name]
    if printed.empty:
        return None
    notes = [note for note in printed["note"].unique() if note]
    wanted: dict[str, dict[str, None]] = {}
    for part, score in zip(printed["part"], printed["score"], strict=True):
        wanted.setdefault(part, {})[score] = None
    codes = set("+".join(printed["leak"]).split("+"))
    return Beside(
        tuple((part, tuple(scores)) for part, scores in wanted.items()),
        (*_list_our_lines(results), *_list_printed_lines(printed, notes)),
        tuple(notes),
        {code: meaning for code, meaning in LEAKS.items() if code in codes},
    )


def _list_our_lines(results: Results) -> Iterator[TableLine]:
    """The runs themselves, without the intervals that stand in the table above."""
    rows = results.table().assign(part="").to_dict("records")
    rows += results.parts().to_dict("records")
    cells: dict[str, dict[tuple[str, str], str]] = {}
    for row in rows:
        of_model = cells.setdefault(row["model"], {})
        for name in results.chance:
            if row[name] == row[name]:  # no NaN
                of_model[row["part"], name] = f"{row[name]:.3f}"
    for model, found in cells.items():
        yield TableLine(model, "", "this run", found, ours=True)


def _list_printed_lines(printed: pd.DataFrame, notes: list[str]) -> Iterator[TableLine]:
    """One line a method; a footnote of all its numbers is marked once, behind its name."""
    marks = {note: f" [{number}]" for number, note in enumerate(notes, 1)} | {"": ""}
    for _, rows in printed.groupby(["method", "leak", "source"], sort=False):
        method, leak, source = rows.iloc[0][["method", "leak", "source"]]
        of_cells = rows["note"].map(marks)
        if len(rows["note"].unique()) == 1:
            method += of_cells.iloc[0]
            of_cells[:] = ""
        keys = zip(rows["part"], rows["score"], strict=True)
        cells = dict(zip(keys, rows["value"] + of_cells, strict=True))
        yield TableLine(method, leak, source, cells)


def print_published(found: Beside) -> None:
    """Print the table and its footnotes on standard output."""
    head = [f"{part or 'all clips'}\n{' / '.join(scores)}" for part, scores in found.columns]
    # the sources are in the page: there is no room for them here
    table = make_table(TITLE, ["method", *head, "leak"], width=14)
    for column in table.columns[1:]:
        column.no_wrap = False
    table.columns[-1].justify = "left"
    for line in found.lines:
        cells = [found.cell(line, part) for part, _ in found.columns]
        table.add_row(line.method, *cells, line.leak, style="bold" if line.ours else "")
    console = text_console()
    console.print(table)
    print_lines((f"[{number}] {note}." for number, note in enumerate(found.notes, 1)), console)
    print_lines((f"{code}: {meaning}." for code, meaning in found.leaks.items()), console)


def format_bibtex(runs: Iterable[Run], registry: Registry) -> str:
    """An entry for each paper behind the runs, in the order of their use; none twice."""
    found: dict[str, str] = {}
    for run in runs:
        for entry in _list_entries(run, registry):
            if entry.paper:
                found.setdefault(entry.paper, _format_entry(entry))
    return "\n\n".join(found.values())


def _list_entries(run: Run, registry: Registry) -> Iterator[Entry]:
    """The model, its components, the data sets and the protocol, as far as they are registered."""
    known = {(entry.kind, entry.name): entry for entry in registry}
    uses = [("model", str(run.variant.get("model", "")))]
    places = Recipe.from_json(run.identity["recipe"]).places()
    uses += [(place.partition(".")[0], use.name) for place, use in places.items()]
    uses += [("dataset", dataset["name"]) for dataset in run.identity["datasets"]]
    uses += [("protocol", run.identity["protocol"]["name"])]
    yield from (known[use] for use in uses if use in known)


def _format_entry(entry: Entry) -> str:
    kind, _, number = entry.paper.partition(":")
    fields = {"doi": number} if kind == "doi" else {"eprint": number, "archiveprefix": "arXiv"}
    if entry.card is None:
        shape = "misc"
        fields |= {"note": _escape_tex(f"{entry.kind} {entry.name} of mertk: {entry.summary}")}
    else:
        card, shape = entry.card, "article"
        fields |= {
            "title": f"{{{_escape_tex(card.title)}}}",
            "author": _format_authors(card.authors),
            "journal": _escape_tex(card.venue),
            "year": str(card.year),
        }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items()]
    return f"@{shape}{{{entry.name},\n" + ",\n".join(lines) + "\n}"


def _format_authors(text: str) -> str:
    """`Zhao & Pietikäinen` or `Liong et al.` as BibTeX joins names."""
    names = re.split(r",\s+|\s+&\s+", text.replace(" et al.", ", others"))
    return " and ".join(_escape_tex(name) for name in names)


def _escape_tex(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
