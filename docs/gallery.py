"""The gallery of models, and the figure of a model's pipeline: boxes from left to right."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mertk.report import literature, reference_pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mertk import Recipe
    from mertk.plugins.registry import Entry, Registry

FAMILIES = {
    "Floors": "no picture is read: what a guess scores.",
    "Hand-crafted features": "a fixed formula gives the features; a classical classifier decides.",
    "Frozen networks": "a network that was trained on other pictures gives the features.",
    "Networks on optical flow": "a network is trained on the flow from the onset.",
    "Networks on frames": "a network is trained on the pixels, or on what one reads off them.",
}
HEAD = """\
# Models

All models of mertk by family. `mertk show NAME` prints the page of a model.

- **Weights** are those of the preset whose scores are shown, trained on three classes.
- **Ours** is UF1 on synthetic clips whose motion peaks at 1.5 pixels, with its 95 % interval
  ([all four strengths](../../measured/methods.md)). It shows that a pipeline works, not how good
  it is.
- **Published** is what a paper reports on licensed data; we had none, so we did not verify it.
- **Leak** says what the authors' code shows of test data in training.
- In a figure, filled boxes learn and are fitted again in each fold; the others are pure functions
  of one clip and are cached ([the frontier rule](../../explanation/frontier.md)).

"""


def make_page(models: Sequence[Entry], registry: Registry) -> str:
    """The gallery: families, and the models in them by year."""
    parts = [HEAD]
    for family, text in FAMILIES.items():
        found = [one for one in models if choose_family(one, registry) == family]
        found.sort(key=lambda one: (one.card.year if one.card else 9999, one.name))
        cards = "\n".join(_format_card(one, registry) for one in found)
        parts.append(f'## {family}\n\nHere {text}\n\n<div class="gallery">\n{cards}\n</div>\n')
    return "\n".join(parts)


def add_figure(card: str, entry: Entry, registry: Registry) -> str:
    """The page of a model with the figure of its pipeline under the heading of its recipe."""
    head = "## Recipe\n"
    return card.replace(head, f"{head}\n{draw_pipeline(entry.target, registry)}\n", 1)


def choose_family(entry: Entry, registry: Registry) -> str:
    """The family of a model, from what the components of its recipe read and need."""
    recipe = entry.target
    if not recipe.extractors:
        return "Floors"
    read = " ".join(map(str, recipe.extractors.values()))
    if any(_needs_torch(registry, "extractor", use.name) for use in recipe.extractors.values()):
        return "Frozen networks"
    if not any(name == "torch" for name in reference_pages.list_model_needs(recipe, registry)):
        return "Hand-crafted features"
    return "Networks on optical flow" if "flow" in read else "Networks on frames"


def _needs_torch(registry: Registry, kind: str, name: str) -> bool:
    return "torch" in registry.get(kind, name).needs


def draw_pipeline(recipe: Recipe, registry: Registry) -> str:
    """The stages of a recipe as boxes that wrap, in the colours of the page around them."""
    places = list(recipe.places().items())
    boxes = []
    for place, use in places:
        slot = place.partition(".")[0]
        kind = "learns" if hasattr(registry.get(slot, use.name).load(), "fit") else "pure"
        boxes.append(
            f'<span class="{kind}"><small>{escape(place)}</small>{escape(use.name)}</span>'
        )
    stages = ", then ".join(f"{place} {use.name}" for place, use in places)
    return f'<div class="pipeline" role="img" aria-label="{escape(stages)}">{"".join(boxes)}</div>'


def _format_card(entry: Entry, registry: Registry) -> str:
    """A model in the gallery, as HTML."""
    card = entry.card
    title = f'<a href="{entry.name}/">{entry.name}</a>'
    year = f" <small>{card.year}</small>" if card else ""
    paper = (
        f"<em>{escape(card.title)}</em>. {escape(card.authors.rstrip('.'))}"
        if card
        else "No paper: ours"
    )
    score, weights = _find_measured(entry)
    facts = {
        "Weights": weights,
        "Ours": score,
        "Published": _find_published(entry),
        "Leak": "; ".join(_spell_leak(card.leak)) if card else "",
    }
    rows = "".join(f"<dt>{key}</dt><dd>{escape(text)}</dd>" for key, text in facts.items() if text)
    return (
        f'<section id="{entry.name}"><h3>{title}{year}</h3><p>{escape(entry.summary)}</p>'
        f"{draw_pipeline(entry.target, registry)}<p>{paper}.</p><dl>{rows}</dl></section>"
    )


def _spell_leak(codes: str) -> Iterator[str]:
    for code in codes.split("+"):
        yield f"{code}: {literature.LEAKS[code]}"


def _find_measured(entry: Entry) -> tuple[str, str]:
    """UF1 at 1.5 pixels, and the number of trained weights of that run; '' where there is none."""
    for row in literature.read_score_rows("measured.csv"):
        is_it = row["model"] == entry.name and row["dataset"] == "synthetic:amplitude=1.5"
        if is_it and row["score"] == "UF1":
            preset = f", preset {row['preset']}" if row["preset"] else ""
            weights = f"{int(row['weights']):,}" if int(row["weights"]) else ""
            return f"UF1 {row['value']} ({row['low']}–{row['high']}){preset}", weights
    return "", ""


def _find_published(entry: Entry) -> str:
    """The first score that was published of all clips of a protocol, MEGC 2019 before others."""
    table = literature.read_published_scores()
    table = table[(table["model"] == entry.name) & (table["part"] == "")]
    if table.empty:
        return ""
    order = (table["protocol"] != "megc2019").sort_values(kind="stable").index
    first = table.loc[order[0]]
    return f"{first['score']} {first['value']} on {first['protocol']} ({first['method']})"
