"""Examples of docstrings (`>>>`) as code blocks; Markdown would read them as quotations."""

from __future__ import annotations

from typing import Any

import griffe


class ExampleBlocks(griffe.Extension):
    """Puts fences around the examples of every docstring that is shown."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the docstring of an object."""
        if obj.docstring:
            obj.docstring.value = fence_examples(obj.docstring.value)


def fence_examples(text: str) -> str:
    """The text with fences around each example, which ends at an empty line."""
    lines, inside = [], False
    for line in text.split("\n"):
        if not inside and line.lstrip().startswith(">>> "):
            lines.append(line[: len(line) - len(line.lstrip())] + "```pycon")
            inside = True
        elif inside and not line.strip():
            lines.append("```")
            inside = False
        lines.append(line)
    return "\n".join([*lines, "```"] if inside else lines)
