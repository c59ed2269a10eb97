"""A model's replication card as Markdown: original, leaks, published and measured scores."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mertk.report import literature

if TYPE_CHECKING:
    from mertk.plugins.registry import Entry

MEASURED = Path(__file__).with_name("measured.csv")


@dataclass(frozen=True, slots=True)
class Measured:
    """A score of ours, as text: `python -m benchmarks.methods` writes them, with the run's name."""

    model: str
    preset: str
    dataset: str
    protocol: str
    seeds: str
    score: str
    value: str
    low: str
    high: str
    seconds: str
    weights: str
    run: str


@functools.cache
def read_measured_scores() -> tuple[Measured, ...]:
    """All scores that were measured with this release."""
    rows = csv.DictReader(MEASURED.read_text(encoding="utf-8").splitlines())
    return tuple(Measured(**row) for row in rows)


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
    yield _format_list("Not verified", card.unverified, level)


def _format_list(title: str, items: Sequence[str], level: str = "##") -> str:
    return "\n".join([f"{level} {title}", "", *(f"- {item}" for item in items)]) if items else ""


def format_paper_link(paper: str) -> str:
    """`doi:…` and `arxiv:…` as links."""
    kind, _, rest = paper.partition(":")
    hosts = {"doi": "https://doi.org/", "arxiv": "https://arxiv.org/abs/"}
    return f"[{paper}]({hosts[kind]}{rest})" if kind in hosts else paper


def _list_published_scores(entry: Entry) -> Iterator[str]:
    printed: dict[tuple[str, ...], list[str]] = {}
    for one in literature.read_published_scores():
        if one.model == entry.name:
            key = (
                one.protocol,
                one.part or "all clips",
                one.source or "memory",
                one.leak,
                one.note,
            )
            printed.setdefault(key, []).append(f"{one.score} {one.value}")
    if printed:
        rows = [
            [protocol, part, ", ".join(values), source, leak, note]
            for (protocol, part, source, leak, note), values in printed.items()
        ]
        head = ["protocol", "part", "scores", "source", "leak", "note"]
        yield f"## Published scores\n\n{_format_table(head, rows)}"
    if ours := _list_measured_scores(entry.name):
        yield _format_list("Scores measured with mertk", ours)
        yield (
            "A score on synthetic clips shows that a pipeline works, not how good it is. We had no "
            "licensed data set. If you have one, the command below gives a score that can be "
            "compared with published ones."
        )


def _list_measured_scores(model: str) -> list[str]:
    """A line per run of ours, with its scores and their 95 % intervals."""
    runs: dict[str, list[Measured]] = {}
    for one in read_measured_scores():
        if one.model == model:
            runs.setdefault(one.run, []).append(one)
    return [
        _format_measured(sorted(scores, key=lambda one: one.score, reverse=True))
        for scores in runs.values()
    ]


def _format_measured(scores: Sequence[Measured]) -> str:
    values = ", ".join(f"{one.score} {one.value} ({one.low}–{one.high})" for one in scores)
    one = scores[0]
    preset = f"preset `{one.preset}`" if one.preset else "its defaults"
    weights = f"{int(one.weights):,} trained weights, " if int(one.weights) else ""
    return (
        f"{values}: {preset} on `{one.dataset}`, protocol {one.protocol}, seeds: {one.seeds}, "
        f"{one.seconds} s, {weights}run `{one.run}`"
    )


def _format_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def _format_recipe(entry: Entry) -> str:
    lines = [f"{place:<12} {use}" for place, use in entry.target.places().items()]
    about = (
        [f"Presets: {', '.join(f'`{name}`' for name in entry.presets)}."] if entry.presets else []
    )
    if entry.replays:
        names = ", ".join(f"`{name}`" for name in entry.replays)
        about.append(f"Training orders that leak, for `--replay`: {names}.")
    parts = ["## Recipe", "\n".join(["```text", *lines, "```"]), *about]
    parts.append(f"```console\nmertk bench --model {entry.name} --published\n```")
    return "\n\n".join(parts) + "\n"
