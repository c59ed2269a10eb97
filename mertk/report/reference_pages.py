"""A page for each kind of component, and a replication card for each model, as Markdown."""

from __future__ import annotations

import inspect
import json
import types
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mertk.plugins.registry import read_hints
from mertk.report import literature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

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
    own = map(_format_component, filter(lambda entry: entry.kind == kind, entries))
    return "\n\n".join([f"# {TITLES[kind]}", *own]) + "\n"


def _format_component(entry: Entry) -> str:
    """A section: summary, paper, needs, origin, a table of parameters, and its card."""
    facts = f"From: {entry.origin}."
    if entry.needs:
        facts = f"Needs: {', '.join(entry.needs)}. {facts}"
    if entry.paper:
        facts = f"Paper: {format_paper_link(entry.paper)}. {facts}"
    parts = [f"## {entry.name}", entry.summary, facts]
    rows = ["| parameter | default | type | description |", "|---|---|---|---|"]
    for one in list_parameters(entry):
        default = one.default and f"`{one.default}`"
        text = one.description.replace("|", "\\|")  # a | outside code would end its cell
        rows.append(f"| `{one.name}` | {default} | `{one.type}` | {text} |")
    if len(rows) > 2:
        parts.append("\n".join(rows))
    if entry.card:
        parts += describe_original(entry, "###")
    return "\n\n".join(filter(None, parts))


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


def read_measured_scores() -> pd.DataFrame:
    """All scores that were measured with this release: `python -m benchmarks.methods`."""
    return literature.read_scores("measured.csv")


def format_card(entry: Entry) -> str:
    """The card of a model; of one without a `Card` what the registry knows."""
    parts = [
        f"# {entry.name}",
        entry.summary,
        *describe_original(entry),
        *_list_published_scores(entry),
    ]
    return "\n\n".join(part for part in parts if part) + "\n\n" + _format_recipe(entry)


def describe_original(entry: Entry, level: str = "##") -> Iterator[str]:
    """What is known of a component's or model's original, under headings of that level."""
    card = entry.card
    if card is None:
        yield f"Paper: {entry.paper}" if entry.paper else ""
        return
    where = f" {format_paper_link(entry.paper)}" if entry.paper else ""
    yield f"{card.authors}: *{card.title}*. {card.venue}, {card.year}.{where}"
    yield f"Code of the authors: {card.code or 'not published, or not found'}."
    meaning = "; ".join(f"{code}: {literature.LEAKS[code]}" for code in card.leak.split("+"))
    yield f"**Leak: {card.leak}** ({meaning})."
    yield _format_list("What the original code does", card.original, level)
    yield _format_list("Differences from the original, and why", card.differs, level)
    presets = [f"`{name}`: {sentence}" for name, sentence in card.presets.items()]
    yield _format_list("Presets", presets, level)
    yield _format_list("Not verified", card.unverified, level)


def _format_list(title: str, items: Sequence[str], level: str = "##") -> str:
    return "\n".join([f"{level} {title}", "", *map("- {}".format, items)]) if items else ""


def format_paper_link(paper: str) -> str:
    """`doi:…` and `arxiv:…` as links."""
    kind, _, rest = paper.partition(":")
    hosts = {"doi": "https://doi.org/", "arxiv": "https://arxiv.org/abs/"}
    return f"[{paper}]({hosts[kind]}{rest})" if kind in hosts else paper


def _list_published_scores(entry: Entry) -> Iterator[str]:
    table = literature.read_published_scores()
    table = table[table["model"] == entry.name]
    table = table.replace({"part": {"": "all clips"}, "source": {"": "memory"}})
    keys = ["protocol", "part", "source", "leak", "note"]
    rows = []
    for _, scores in table.groupby(keys, sort=False):
        protocol, part, source, leak, note = scores.iloc[0][keys]
        values = ", ".join(scores["score"] + " " + scores["value"])
        rows.append([protocol, part, values, source, leak, note])
    if rows:
        head = ["protocol", "part", "scores", "source", "leak", "note"]
        yield f"## Published scores\n\n{_format_table(head, rows)}"
    measured = read_measured_scores()
    runs = measured[measured["model"] == entry.name].groupby("run", sort=False)
    if len(runs):
        yield _format_list("Scores measured with mertk", [_format_measured(one) for _, one in runs])
        yield (
            "A score on synthetic clips shows that a pipeline works, not how good it is. We had no "
            "licensed data set. If you have one, the command below gives a score that can be "
            "compared with published ones."
        )


def _format_measured(scores: pd.DataFrame) -> str:
    """A line on a run of ours, with its scores and their 95 % intervals."""
    scores = scores.sort_values("score", ascending=False, kind="stable")
    texts = (
        scores["score"] + " " + scores["value"] + " (" + scores["low"] + "–" + scores["high"] + ")"
    )
    one = scores.iloc[0]
    preset = f"preset `{one['preset']}`" if one["preset"] else "its defaults"
    weights = f"{int(one['weights']):,} trained weights, " if int(one["weights"]) else ""
    return (
        f"{', '.join(texts)}: {preset} on `{one['dataset']}`, protocol {one['protocol']}, seeds: "
        f"{one['seeds']}, {one['seconds']} s, {weights}run `{one['run']}`"
    )


def _format_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = []
    for cells in (head, ["---"] * len(head), *rows):
        line = "\0".join(cells).replace("|", "/").replace("\0", " | ")
        lines.append(f"| {line} |")
    return "\n".join(lines)


def _format_recipe(entry: Entry) -> str:
    slots = entry.target.places()
    lines = map("{:<12} {}".format, slots, slots.values())
    about = []
    if entry.presets:
        about.append(f"Presets: `{'`, `'.join(entry.presets)}`.")
    if entry.replays:
        names = "`, `".join(entry.replays)
        about.append(f"Training orders that leak, for `--replay`: `{names}`.")
    parts = ["## Recipe", "\n".join(["```text", *lines, "```"]), *about]
    parts.append(f"```console\nmertk bench --model {entry.name} --published\n```")
    return "\n\n".join(parts) + "\n"
