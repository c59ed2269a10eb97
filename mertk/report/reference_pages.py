"""A page for each kind of component, and a replication card for each model, as Markdown."""

from __future__ import annotations

import inspect
import json
import types
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mertk.core.errors import MissingPackageError
from mertk.plugins.registry import read_hints
from mertk.report import literature
from mertk.storage import identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from mertk.core.recipe import Recipe
    from mertk.plugins.registry import Entry, Registry

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

SPEEDS = (
    "speed: time to train 12 folds of 108 synthetic clips, features not counted: fast below 5 s, "
    "medium below 2 min, slow above"
)


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
    """The page of a kind: each of its components, as `mertk show NAME` has it."""
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
        parts += [_cite_paper(entry), *describe_original(entry, "###")]
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


def format_card(entry: Entry, registry: Registry, preset: str = "") -> str:
    """The card of a model: what it is, its recipe and scores; the original's faults come last.

    Args:
        entry: the model; without a `Card` its page has what the registry knows.
        registry: has the components of its recipe.
        preset: the preset whose recipe and parameters are shown; empty: the model's defaults.
    """
    recipe = entry.presets[preset] if preset else entry.target
    parts = [
        f"# {entry.name}{preset and f':{preset}'}",
        entry.summary,
        entry.card.presets.get(preset, "") if entry.card else "",
        _cite_paper(entry),
        _describe_cost(entry.name, list_model_needs(recipe, registry)),
        _describe_flow(recipe, registry),
        _format_recipe(entry, recipe, preset),
        *_list_recipe_parameters(recipe, registry),
        _format_list("Presets", _describe_presets(entry)),
        *_list_measured_scores(entry),
        *_list_published_scores(entry),
        *describe_original(entry),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _describe_flow(recipe: Recipe, registry: Registry) -> str:
    """The optical flow of a recipe and whose code computes it here; '' where it has none."""
    found = {}
    for place, use in recipe.places().items():
        kind = place.partition(".")[0]
        if not registry.get(kind, use.name).needs:  # its package may be missing
            found[place] = identity.component_identity(registry, kind, use)
    made = ", ".join(sorted(set(identity.find_flow_engines(found).values())))
    other = " TV-L1 of OpenCV's contrib build and of scikit-image differ." if "tvl1" in made else ""
    return f"Optical flow: {made}.{other}" if made else ""


def list_model_needs(recipe: Recipe, registry: Registry) -> list[str]:
    """The optional packages that the components of a recipe need."""
    found: list[str] = []
    for place, use in recipe.places().items():
        found += registry.get(place.partition(".")[0], use.name).needs
    return list(dict.fromkeys(found))


def rate_speeds() -> dict[str, str]:
    """`fast`, `medium` or `slow` by model: `SPEEDS` says what is measured."""
    spent: dict[str, list[float]] = {}
    for row in {row["run"]: row for row in literature.read_score_rows("measured.csv")}.values():
        of_model = spent.setdefault(row["model"], [0.0, 0.0])
        of_model[0] += float(row["seconds"])
        of_model[1] += float(row["seeds"])
    found = {}
    for model, (seconds, seeds) in spent.items():
        a_seed = seconds / seeds
        found[model] = "fast" if a_seed < 5 else "medium" if a_seed < 120 else "slow"
    return found


def _describe_cost(name: str, needs: Sequence[str]) -> str:
    """The packages that a model needs, and how fast it trains, in one line."""
    parts = [f"Needs: {', '.join(needs)}."] if needs else []
    speed = rate_speeds().get(name)
    return " ".join([*parts, *([f"Training speed: {speed}."] if speed else [])])


def _list_recipe_parameters(recipe: Recipe, registry: Registry) -> Iterator[str]:
    """Each component of a recipe with its parameters, the values that they have in it, and why."""
    yield "## Parameters\n\n`--set SLOT.PARAMETER=VALUE` sets one."
    for place, use in recipe.places().items():
        component = registry.get(place.partition(".")[0], use.name)
        yield f"**{place}**: `{use.name}`. {component.summary}"
        try:
            rows = list_parameters(component)
        except MissingPackageError as error:
            yield str(error)
            continue
        items = []
        for row in rows:
            value = json.dumps(use.params[row.name]) if row.name in use.params else row.default
            items.append(f"- `{place}.{row.name}={value}`: {row.description or row.type}")
        yield "\n".join(items)


def _describe_presets(entry: Entry) -> list[str]:
    """A line on each preset, with what it changes or a sentence, and on each leaky order."""
    told, lines = entry.card.presets if entry.card else {}, []
    for name, recipe in entry.presets.items():
        items = recipe.places().items() - entry.target.places().items()
        changed = sorted(f"`{place}={use}`" for place, use in items)
        what = told.get(name) or ", ".join(changed) or "the defaults"
        lines.append(f"`{entry.name}:{name}`: {what}")
    for name in entry.replays:
        lines.append(f"`--replay {name}`: a training order that leaks.")
    return lines


def _cite_paper(entry: Entry) -> str:
    """The paper of a component or model, with a link."""
    card = entry.card
    if card is None:
        return f"Paper: {entry.paper}" if entry.paper else ""
    where = f" {format_paper_link(entry.paper)}" if entry.paper else ""
    return f"{card.authors}: *{card.title}*. {card.venue}, {card.year}.{where}"


def describe_original(entry: Entry, level: str = "##") -> Iterator[str]:
    """What is known of a component's or model's original, under headings of that level."""
    card = entry.card
    if card is None:
        return
    meaning = "; ".join(f"{code}: {literature.LEAKS[code]}" for code in card.leak.split("+"))
    code = card.code or "not published, or not found"
    yield f"{level} The original\n\nCode of the authors: {code}."
    yield f"**Leak: {card.leak}** ({meaning})."
    yield _format_list("What the original code does", card.original, level)
    yield _format_list("Differences from the original, and why", card.differs, level)
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


def _list_measured_scores(entry: Entry) -> Iterator[str]:
    measured = read_measured_scores()
    runs = measured[measured["model"] == entry.name].groupby("run", sort=False)
    if len(runs):
        yield _format_list("Scores measured with mertk", [_format_measured(one) for _, one in runs])
        yield (
            "A score on synthetic clips shows that a pipeline works, not how good it is. We had no "
            "licensed data set. If you have one, `mertk bench` gives a score that can be "
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


def _format_recipe(entry: Entry, recipe: Recipe, preset: str) -> str:
    slots = recipe.places()
    lines = "\n".join(map("{:<12} {}".format, slots, slots.values()))
    name = f"{entry.name}{preset and f':{preset}'}"
    return (
        f"## Recipe\n\n```text\n{lines}\n```\n\n"
        f"```console\nmertk bench --model {name} --published\n```"
    )
