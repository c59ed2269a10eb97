r"""Escape text for tables that other programs read: CSV, Markdown, LaTeX.

A spreadsheet program runs a cell that begins with `=`, `+`, `-` or `@` as a formula, and a name may
hold markup. `csv_text` writes every CSV file of mertk: text that looks like a formula gets an
apostrophe in front, as a spreadsheet program shows text. `original_cell` takes it away again, so
that mertk reads what was written.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_MARKDOWN = re.compile(r"[\\`*\[\]{}<>|~$&]|^[=+\-@#!]|(?<!\w)_|_(?!\w)|!(?=\[)")
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    **{char: f"\\{char}" for char in "&%$#_{}"},
}


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A CSV table as text, its header first; no cell of it is a formula.

    Args:
        columns: the columns in their order; a row may lack some, and what else it has is left out.
        rows: cells by column.
    """
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(map(csv_cell, columns))
    for row in rows:
        table.writerow([csv_cell(row.get(name, "")) for name in columns])
    return text.getvalue()


def csv_cell(value: Any) -> Any:
    """A value as it is written to CSV: text that looks like a formula behind an apostrophe.

    Numbers stay numbers, negative ones and those written as text too.
    """
    if not isinstance(value, str) or not _FORMULA.match(value) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def original_cell(text: str) -> str:
    """What `csv_cell` was given for a cell that reads `text`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def markdown_text(text: str) -> str:
    """Text for Markdown, on one line, of which nothing is markup, HTML or a link."""
    return _MARKDOWN.sub(lambda found: f"\\{found[0]}", " ".join(text.split()))


def markdown_code(text: str) -> str:
    """Text as inline code of Markdown, whatever it holds."""
    one_line = " ".join(text.split())
    longest = max(re.findall("`+", one_line), default="")
    fence = f"{longest}`"
    pad = " " if one_line.startswith("`") or one_line.endswith("`") else ""
    return f"{fence}{pad}{one_line}{pad}{fence}"


def latex_text(text: str) -> str:
    """Text for LaTeX, on one line, of which nothing is a command."""
    return "".join(_LATEX.get(char, char) for char in " ".join(text.split()))
