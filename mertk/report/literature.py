"""What papers report, for comparison with our scores, and what to cite for a run.

The table `published.csv` has a row a score. `part` is empty for all clips, or else a data set;
`leak` says what the authors' code shows of data that training must not see (`LEAKS`). `model` is
our name for the method where we have one. Rows of the protocol `spotting` are scores of spotting,
by the rule that their note names.
"""

from __future__ import annotations

import csv
import functools
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

_METHOD = ["ours", "method", "leak", "source"]
_SPECIAL = re.compile(r"([&%$#_{}])")


@dataclass(frozen=True, slots=True)
class Beside:
    """Our runs and what was published on the same protocol.

    `columns` are parts with the scores that are printed of them. `lines` have the `method`, its
    `leak` and `source`, whether it is a run of `ours`, and `cells` by part, such as
    `0.588 / 0.579`. `notes` are the footnotes, whose numbers stand in brackets behind methods and
    numbers.
    """

    columns: Mapping[str, Sequence[str]]
    lines: Sequence[Mapping[str, Any]]
    notes: Sequence[str]
    leaks: Mapping[str, str]


@functools.cache
def read_score_rows(name: str) -> list[dict[str, str]]:
    """The rows of a table of scores beside this module."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


@functools.cache
def read_scores(name: str) -> pd.DataFrame:
    """A table of scores beside this module, all cells as text."""
    import pandas as pd

    return pd.DataFrame(read_score_rows(name))


def read_published_scores() -> pd.DataFrame:
    """All published scores."""
    return read_scores("published.csv")


def list_leaky_models(protocol: str, leak: str) -> set[str]:
    """Our names of the models whose published score on a protocol has a leak, such as L1."""
    found = set()
    for row in read_score_rows("published.csv"):
        if row["protocol"] == protocol and leak in row["leak"].split("+"):
            found.add(row["model"])
    return found - {""}


def list_published_spotting(dataset: str) -> list[str]:
    """A line for each method whose spotting scores were published on a data set."""
    table = read_published_scores()
    table = table[(table["protocol"] == "spotting") & (table["part"] == dataset)]
    lines = []
    for (method, leak, source, note), rows in table.groupby(
        ["method", "leak", "source", "note"], sort=False
    ):
        scores = ", ".join(map("{} {}".format, rows["score"], rows["value"]))
        lines.append(f"Published: {method}: {scores} [{leak}] ({note}; {source}).")
    return lines


def find_published_beside(results: Results) -> Beside | None:
    """What was published on the protocol of these runs, below the runs; None where nothing was."""
    import pandas as pd

    printed = read_published_scores()
    printed = printed[printed["protocol"] == results.protocol.name].assign(ours=False)
    if printed.empty:
        return None
    columns: dict[str, list[str]] = {}
    for part, score in printed[["part", "score"]].drop_duplicates().to_numpy():
        columns.setdefault(part, []).append(score)
    notes = list(filter(None, printed["note"].unique()))
    codes = set("+".join(printed["leak"]).split("+"))
    # a footnote of all numbers of a method is marked once, behind its name
    marks = printed["note"].map({"": ""} | {note: f" [{at}]" for at, note in enumerate(notes, 1)})
    common = printed.groupby(_METHOD)["note"].transform("nunique") == 1
    printed["value"] += marks.mask(common, "")
    printed["method"] += marks.where(common, "")
    lines = []
    for _, rows in pd.concat([_tabulate_ours(results), printed]).groupby(_METHOD, sort=False):
        line: dict[str, Any] = {**rows.iloc[0][_METHOD], "cells": {}}
        values = rows.set_index(["part", "score"])["value"].to_dict()
        for part, scores in columns.items():
            texts = [values.get((part, score), "–") for score in scores]
            line["cells"][part] = " / ".join(texts) if set(texts) != {"–"} else "–"
        lines.append(line)
    return Beside(columns, lines, notes, {code: LEAKS[code] for code in LEAKS if code in codes})


def _tabulate_ours(results: Results) -> pd.DataFrame:
    """The scores of the runs as `published.csv` has them, without intervals."""
    import pandas as pd

    table = pd.concat([results.table().assign(part=""), results.parts()])
    table = table.melt(["model", "part"], list(results.chance), "score", "value").dropna()
    table["value"] = table["value"].map("{:.3f}".format)
    return table.assign(method=table["model"], leak="", source="this run", ours=True)


def print_published(found: Beside) -> None:
    """Print the table and its footnotes on standard output."""
    head = [f"{part or 'all clips'}\n{' / '.join(found.columns[part])}" for part in found.columns]
    # the sources are in the page: there is no room for them here
    table = make_table(TITLE, ["method", *head, "leak"], width=14)
    for column in table.columns[1:]:
        column.no_wrap = False
    table.columns[-1].justify = "left"
    for line in found.lines:
        style = "bold" if line["ours"] else ""
        table.add_row(line["method"], *line["cells"].values(), line["leak"], style=style)
    console = text_console()
    console.print(table)
    print_lines(map("[{}] {}.".format, itertools.count(1), found.notes), console)
    print_lines(map("{}: {}.".format, found.leaks, found.leaks.values()), console)


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
    for slot, use in Recipe.from_json(run.identity["recipe"]).places().items():
        uses.append((slot.partition(".")[0], use.name))
    for dataset in run.identity["datasets"]:
        uses.append(("dataset", dataset["name"]))
    uses.append(("protocol", run.identity["protocol"]["name"]))
    yield from filter(None, map(known.get, uses))


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
    lines = ",\n".join(map("  {} = {{{}}}".format, fields, fields.values()))
    return f"@{shape}{{{entry.name},\n{lines}\n}}"


def _format_authors(text: str) -> str:
    """`Zhao & Pietikäinen` or `Liong et al.` as BibTeX joins names."""
    names = re.split(r",\s+|\s+&\s+", text.replace(" et al.", ", others"))
    return " and ".join(map(_escape_tex, names))


def _escape_tex(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
