"""A page for each kind of component: summaries, parameters and origins."""

from __future__ import annotations

import inspect
import json
import types
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mertk.plugins.registry import read_hints
from mertk.report.model_cards import describe_original, format_paper_link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mertk.plugins.registry import Entry

TITLES = {
    "aligner": "Aligners",
    "roi": "ROI schemes",
    "extractor": "Extractors",
    "fusion": "Fusion blocks",
    "classifier": "Classifiers",
    "spotter": "Spotters",
    "dataset": "Data sets",
    "protocol": "Protocols, by name",
}
"""The kinds that have a page, but for models, which have a card each."""


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """A parameter as pages and the terminal show it.

    Args:
        name: as `--set` takes it.
        default: as JSON, which `--set` takes; empty where there is none.
        type: with the values of literals in the place of their names.
        description: from the class docstring, on one line.
    """

    name: str
    default: str
    type: str
    description: str


def list_parameters(entry: Entry) -> list[ParameterRow]:
    """The parameters of a component, in the order of its constructor."""
    hints, described = read_hints(entry.load()), entry.describe_parameters()
    rows = []
    for name, parameter in entry.parameters().items():
        without = parameter.default is parameter.empty
        default = "" if without else json.dumps(parameter.default)
        type_ = _format_type(hints.get(name, parameter.annotation))
        rows.append(ParameterRow(name, default, type_, described[name]))
    return rows


def format_reference_page(kind: str, entries: Iterable[Entry]) -> str:
    """The page of a kind: each of its components, as `mertk show KIND NAME` has it."""
    own = [_format_entry(entry) for entry in entries if entry.kind == kind]
    return "\n\n".join([f"# {TITLES[kind]}", *own]) + "\n"


def _format_entry(entry: Entry) -> str:
    """A section: summary, paper, needs, origin, a table of parameters, and its card."""
    facts = [
        f"Paper: {format_paper_link(entry.paper)}." if entry.paper else "",
        f"Needs: {', '.join(entry.needs)}." if entry.needs else "",
        f"From: {entry.origin}.",
    ]
    found = [f"## {entry.name}", entry.summary, " ".join(fact for fact in facts if fact)]
    rows = [_row(parameter) for parameter in list_parameters(entry)]
    if rows:
        head = ["| parameter | default | type | description |", "|---|---|---|---|"]
        found.append("\n".join([*head, *rows]))
    if entry.card:
        found += [part for part in describe_original(entry, "###") if part]
    return "\n\n".join(found)


def _row(parameter: ParameterRow) -> str:
    """A row of the table; a `|` outside code would end its cell."""
    default = parameter.default and f"`{parameter.default}`"
    text = parameter.description.replace("|", "\\|")
    return f"| `{parameter.name}` | {default} | `{parameter.type}` | {text} |"


def _format_type(hint: Any) -> str:
    """A type, with the values of literals in the place of their names."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return " | ".join(map(json.dumps, inside))
    if origin in {typing.Union, types.UnionType}:
        return " | ".join(map(_format_type, inside))
    if hint is types.NoneType:
        return "None"
    return hint if isinstance(hint, str) else inspect.formatannotation(hint)
