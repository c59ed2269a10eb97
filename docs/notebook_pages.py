"""Notebooks as pages: run while the site is built, shown with their outputs, stored without.

A cell with the tag `install` is for Colab and is not run.
"""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

import mertk

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "notebooks"
REPOSITORY = "mertk/mertk"  # on GitHub, from where Colab opens the notebooks of a release
COLAB = "https://colab.research.google.com/github/{}/blob/v{}/docs/notebooks/{}"


def make_pages(*, run: bool = True) -> dict[str, str | bytes]:
    """By path below docs the page of each notebook, and its pictures."""
    pages: dict[str, str | bytes] = {}
    for path in sorted(FOLDER.glob("*.ipynb")):
        book = nbformat.read(path, as_version=4)
        if run:
            run_notebook(book)
        pages |= format_notebook(book, path.name)
    return pages


def run_notebook(book: Any) -> None:
    """Run all cells but those for Colab in an empty folder; an error ends the build."""
    from nbclient import NotebookClient  # noqa: PLC0415 - tests of pages do without

    kept = book.cells
    book.cells = [cell for cell in kept if not _is_for_colab(cell)]
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(book, timeout=120, resources={"metadata": {"path": folder}})
        client.execute()
    book.cells = kept


def format_notebook(book: Any, name: str) -> dict[str, str | bytes]:
    """The page of a notebook as Markdown, and its pictures, by path."""
    stem = name.removesuffix(".ipynb")
    parts, pictures = [], {}
    for at, cell in enumerate(book.cells):
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for place, output in enumerate(cell.get("outputs", ())):
            picture = f"{stem}-{at}-{place}.png"
            if "image/png" in output.get("data", {}):
                pictures[f"notebooks/{picture}"] = base64.b64decode(output.data["image/png"])
            parts += _format_output(output, picture)
    link = f"[Open in Colab]({COLAB.format(REPOSITORY, mertk.__version__, name)})"
    title, _, rest = parts[0].partition("\n")
    text = "\n\n".join([title, f"{link}, which installs the release.", rest.strip(), *parts[1:]])
    return {f"notebooks/{stem}.md": text + "\n", **pictures}


def _is_for_colab(cell: Any) -> bool:
    return "install" in cell.get("metadata", {}).get("tags", ())


def _format_output(output: Any, picture: str) -> Iterator[str]:
    """An output as Markdown: a picture, a table, or text; not progress, nor what is on stderr."""
    data = output.get("data", {})
    if output.output_type == "display_data" and "image/png" not in data:
        return
    if "image/png" in data:
        yield f'<div class="output" markdown>\n\n![Output of the cell above]({picture})\n\n</div>'
    elif "text/html" in data:
        html = "\n".join(line for line in data["text/html"].split("\n") if line.strip())
        yield f'<div class="output">\n{html}\n</div>'
    elif "text/plain" in data or output.get("name") == "stdout":
        text = data.get("text/plain") or output.get("text", "")
        yield f'<div class="output" markdown>\n\n```text\n{text.rstrip()}\n```\n\n</div>'
