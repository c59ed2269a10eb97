"""Makes pages while the site is built, so that they cannot drift: components, models, scores."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

import mertk
from mertk.report import reference_pages
from mertk.report.leaderboard import write_leaderboard

REGISTRY = mertk.load_plugins().registry
ENTRIES = list(REGISTRY)
MODELS = [entry for entry in ENTRIES if entry.kind == "model"]
COMPONENTS = "reference/components"
RESULTS = Path(__file__).parents[1] / "results"
MEASURED = Path(__file__).parents[1] / "benchmarks" / "synthetic"
TABLES = ("methods", "reference_model", "ablations", "spotting", "audits")


def on_config(config: Any) -> Any:
    """Put the made pages into the navigation."""
    kinds = [f"{COMPONENTS}/{kind}.md" for kind in reference_pages.TITLES]
    cards = [_path(entry.name) for entry in MODELS]
    reference = next(section["Reference"] for section in config.nav if "Reference" in section)
    reference.append({"Components": [f"{COMPONENTS}/index.md", *kinds]})
    reference.append({"Models": ["reference/models/index.md", *cards]})
    config.nav.append({"Measured": [f"measured/{name}.md" for name in TABLES]})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add a page a kind and a page a model, their lists, and what was measured with them."""
    pages = {f"{COMPONENTS}/{kind}.md": reference_pages.format_reference_page(kind, ENTRIES)
             for kind in reference_pages.TITLES}  # fmt: skip
    pages |= {_path(entry.name): reference_pages.format_card(entry, REGISTRY) for entry in MODELS}
    pages[f"{COMPONENTS}/index.md"] = _kinds()
    pages["reference/models/index.md"] = _index()
    measured = [*(f"{name}.md" for name in TABLES), "curves.svg"]
    pages |= {f"measured/{name}": (MEASURED / name).read_text("utf-8") for name in measured}
    pages["results/index.html"] = make_leaderboard()
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def make_leaderboard() -> str:
    """The page of the results that the repository holds, which are checked first."""
    with tempfile.TemporaryDirectory() as folder:
        return write_leaderboard([RESULTS], Path(folder), mertk.load_plugins()).read_text("utf-8")


def _path(name: str) -> str:
    return f"reference/models/{name}.md"


def _kinds() -> str:
    lines = []
    for kind, title in reference_pages.TITLES.items():
        names = ", ".join(f"`{entry.name}`" for entry in ENTRIES if entry.kind == kind)
        lines.append(f"| [{title}]({kind}.md) | {names} |")
    return (
        "# Components\n\nEverything that is registered, with its parameters, as `mertk show "
        "NAME` prints it. `--set SLOT.PARAMETER=VALUE` sets a parameter, `--swap SLOT=NAME` "
        "exchanges a component. [Models](../models/index.md) are lines of them.\n\n"
        "| kind | names |\n|---|---|\n" + "\n".join(lines) + "\n"
    )


def _index() -> str:
    leaks = {entry.name: entry.card.leak if entry.card else "" for entry in MODELS}
    lines = [f"| [{e.name}]({e.name}.md) | {e.summary} | {leaks[e.name]} |" for e in MODELS]
    return (
        "# Models\n\nA card a model, as `mertk show NAME` prints it. The leak is that of the "
        "original's published scores, by the codes that its card explains.\n\n"
        "| model | | leak |\n|---|---|---|\n" + "\n".join(lines) + "\n"
    )
