"""Descriptions of component parameters, read from the `Args` section of class docstrings."""

from __future__ import annotations

import inspect
import pkgutil
import re
import textwrap
from typing import Any

_SECTION = re.compile(r"\nArgs:\n((?: .*\n?|\n)*)")
_ENTRY = re.compile(r"(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: \(.*?\))?:(?: (.*))?")
_ELSEWHERE = re.compile(r"see `([\w.]+)`\.")


def describe_parameters(target: Any) -> dict[str, str]:
    """Read the descriptions of parameters from the docstrings of a class and of its bases.

    A base class describes what the class itself does not. Where a text is nothing but
    ``see `package.module.Name`.``, the description of the same parameter there takes its place, so
    that one text serves all components that share a parameter.

    Args:
        target: a class, or a function.

    Returns:
        Parameter → description on one line. A parameter that nobody describes is missing; one whose
        text refers to something that does not exist has ''.
    """
    found: dict[str, str] = {}
    for owner in reversed(inspect.getmro(target) if inspect.isclass(target) else (target,)):
        for name, text in parse_arguments(owner.__doc__ or "").items():
            found[name] = _look_up(name, text)
    return found


def parse_arguments(docstring: str) -> dict[str, str]:
    """Split the `Args` section of a docstring into its entries: name → text on one line.

    An entry begins with `name: text`, `name, other: text` or `name (type): text`; lines that are
    indented more than it belong to it. The section ends at the first line without indentation.

    Args:
        docstring: as it stands in the source, with its indentation.
    """
    section = _SECTION.search("\n" + inspect.cleandoc(docstring))
    found: dict[str, str] = {}
    names: list[str] = []
    for line in textwrap.dedent(section[1] if section else "").splitlines():
        entry = _ENTRY.fullmatch(line)
        if entry:
            names = entry[1].split(", ")
        elif not line.startswith(" "):
            names = []
        more = (entry[2] or "") if entry else line.strip()
        for name in names:
            found[name] = f"{found.get(name, '')} {more}".strip()
    return found


def _look_up(name: str, text: str) -> str:
    """The text, or the description that it refers to: '' where there is none."""
    elsewhere = _ELSEWHERE.fullmatch(text)
    if not elsewhere:
        return text
    try:
        target = pkgutil.resolve_name(elsewhere[1])
    except (ImportError, AttributeError, ValueError):
        return ""
    return describe_parameters(target).get(name, "")
