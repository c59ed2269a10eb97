"""What to cite for a run: its methods, data sets and protocol, as BibTeX."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mertk.core.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mertk.plugins.registry import Entry, Registry
    from mertk.storage.ledger import Run

_SPECIAL = re.compile(r"([&%$#_{}])")


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
