"""Makes the models' cards while the site is built: they are never files, so they cannot drift."""

from __future__ import annotations

from typing import Any

from mkdocs.structure.files import File, Files

import mertk
from mertk.report import card

MODELS = [entry for entry in mertk.load_plugins().registry if entry.kind == "model"]


def on_config(config: Any) -> Any:
    """Put the cards behind the reference pages of the navigation."""
    pages = ["reference/models/index.md", *(_path(entry.name) for entry in MODELS)]
    reference = next(section["Reference"] for section in config.nav if "Reference" in section)
    reference.append({"Models": pages})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add a page a model, and their list."""
    for entry in MODELS:
        files.append(File.generated(config, _path(entry.name), content=card.markdown(entry)))
    files.append(File.generated(config, "reference/models/index.md", content=_index()))
    return files


def _path(name: str) -> str:
    return f"reference/models/{name}.md"


def _index() -> str:
    leaks = {entry.name: entry.card.leak if entry.card else "" for entry in MODELS}
    lines = [f"| [{e.name}]({e.name}.md) | {e.summary} | {leaks[e.name]} |" for e in MODELS]
    return (
        "# Models\n\nA card a model, as `mertk show model NAME` prints it. The leak is that of the "
        "original's published scores, by the codes that its card explains.\n\n"
        "| model | | leak |\n|---|---|---|\n" + "\n".join(lines) + "\n"
    )
