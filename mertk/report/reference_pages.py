"""A page for each kind of component: summaries, parameters and origins."""

from __future__ import annotations

import inspect
import json
import types
import typing
from typing import TYPE_CHECKING, Any, Literal

from mertk.plugins.registry import _hints
from mertk.report.model_cards import link, original

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


def markdown(kind: str, entries: Iterable[Entry]) -> str:
    """The page of a kind: each of its components, as `mertk show KIND NAME` has it."""
    own = [_entry(entry) for entry in entries if entry.kind == kind]
    return "\n\n".join([f"# {TITLES[kind]}", *own]) + "\n"


def _entry(entry: Entry) -> str:
    """A section: summary, paper, needs, origin, a table of parameters, and its card."""
    facts = [
        f"Paper: {link(entry.paper)}." if entry.paper else "",
        f"Needs: {', '.join(entry.needs)}." if entry.needs else "",
        f"From: {entry.origin}.",
    ]
    found = [f"## {entry.name}", entry.summary, " ".join(fact for fact in facts if fact)]
    known = _hints(entry.load())
    rows = [
        f"| `{name}` | {_default(one)} | `{_type(known.get(name, one.annotation))}` |"
        for name, one in entry.parameters().items()
    ]
    if rows:
        found.append("\n".join(["| parameter | default | type |", "|---|---|---|", *rows]))
    if entry.card:
        found += [part for part in original(entry, "###") if part]
    return "\n\n".join(found)


def _default(parameter: inspect.Parameter) -> str:
    """As JSON, which `--set` takes; nothing where there is none."""
    return "" if parameter.default is parameter.empty else f"`{json.dumps(parameter.default)}`"


def _type(hint: Any) -> str:
    """A type, with the values of literals in the place of their names."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return " | ".join(map(json.dumps, inside))
    if origin in {typing.Union, types.UnionType}:
        return " | ".join(map(_type, inside))
    if hint is types.NoneType:
        return "None"
    return hint if isinstance(hint, str) else inspect.formatannotation(hint)
