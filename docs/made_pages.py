"""The pages that are made while the site is built, and the navigation with them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import api_pages
import gallery

import mertk
from mertk.report import reference_pages
from mertk.report.leaderboard import write_leaderboard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REGISTRY = mertk.load_plugins().registry
ENTRIES = list(REGISTRY)
MODELS = [entry for entry in ENTRIES if entry.kind == "model"]
COMPONENTS = "reference/components"
RESULTS = Path(__file__).parents[1] / "results"
MEASURED = Path(__file__).parents[1] / "benchmarks" / "synthetic"
TABLES = (
    "methods",
    "reference_model",
    "training_length",
    "ablations",
    "spotting",
    "learned_spotting",
    "baselines",
    "audits",
)


def make_pages() -> dict[str, str]:
    """By path below docs: components by kind, models, the API, and what was measured."""
    pages = {_kind_path(kind): reference_pages.format_reference_page(kind, ENTRIES)
             for kind in reference_pages.TITLES}  # fmt: skip
    for entry in MODELS:
        card = reference_pages.format_card(entry, REGISTRY)
        pages[f"reference/models/{entry.name}.md"] = gallery.add_figure(card, entry, REGISTRY)
    pages[f"{COMPONENTS}/index.md"] = _list_kinds()
    pages["reference/models/index.md"] = gallery.make_page(MODELS, REGISTRY)
    pages |= api_pages.make_pages()
    for name in [*(f"{table}.md" for table in TABLES), "curves.svg"]:
        pages[f"measured/{name}"] = (MEASURED / name).read_text("utf-8")
    pages["results/index.html"] = make_leaderboard()
    return pages


def make_leaderboard() -> str:
    """The page of the results that the repository holds, which are checked first."""
    with tempfile.TemporaryDirectory() as folder:
        return write_leaderboard([RESULTS], Path(folder), mertk.load_plugins()).read_text("utf-8")


def extend_navigation(nav: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The navigation of mkdocs.yml, with the made pages in the section Reference and at its end."""
    reference = next(section["Reference"] for section in nav if "Reference" in section)
    kinds = [f"{COMPONENTS}/index.md", *map(_kind_path, reference_pages.TITLES)]
    cards = [f"reference/models/{entry.name}.md" for entry in MODELS]
    reference += [
        {"Python": api_pages.list_paths()},
        {"Components": kinds},
        {"Models": ["reference/models/index.md", *cards]},
    ]
    return [*nav, {"Measured": [f"measured/{name}.md" for name in TABLES]}]


def _kind_path(kind: str) -> str:
    return f"{COMPONENTS}/{kind}.md"


def _list_kinds() -> str:
    lines = []
    for kind, title in reference_pages.TITLES.items():
        names = ", ".join(f"`{entry.name}`" for entry in ENTRIES if entry.kind == kind)
        lines.append(f"| [{title}]({kind}.md) | {names} |")
    return (
        "# Components\n\nEverything that is registered, with its parameters, as `mertk show "
        "NAME` prints it. `--set SLOT.PARAMETER=VALUE` sets a parameter, `--swap SLOT=NAME` "
        "exchanges a component. [Models](../models/index.md) are lists of them.\n\n"
        "| kind | names |\n|---|---|\n" + "\n".join(lines) + "\n"
    )
