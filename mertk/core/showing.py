"""How objects show themselves: one line in a terminal, a small table in a notebook."""

from __future__ import annotations

import html
from collections.abc import Mapping

_LONGEST = 100


class Shown:
    """Gives a class `__repr__` and `_repr_html_`, from the facts that `_list_facts` names.

    Facts are cheap: nothing is decoded, fitted or read from disk for them. No picture is shown,
    because a notebook that is shared would publish the faces of a licensed data set.
    """

    __slots__ = ()

    def _list_facts(self) -> Mapping[str, object]:
        """What is shown, by its name, in order; a fact that is empty is left out."""
        raise NotImplementedError

    def __repr__(self) -> str:
        facts = [f"{name}: {text}" for name, text in self._format_facts()]
        return f"<{type(self).__name__} {', '.join(facts)}>"

    def _repr_html_(self) -> str:
        rows = ""
        for name, text in self._format_facts():
            rows += f"<tr><th>{html.escape(name)}</th><td>{html.escape(text)}</td></tr>"
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"

    def _format_facts(self) -> list[tuple[str, str]]:
        """The facts as short text on one line."""
        found = []
        for name, fact in self._list_facts().items():
            text = " ".join(str(fact).split()) if fact is not None else ""
            if text:
                short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
                found.append((name, short))
        return found
