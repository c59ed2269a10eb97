"""Progress in a notebook: a bar below the cell, with the time left."""

import html
import importlib
import sys
import time
from typing import Any

from mertk.core.printing import format_duration
from mertk.core.progress import Progress, Silent


def choose_progress() -> Progress:
    """A bar in a notebook, and nothing elsewhere."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return NotebookBar() if type(shell).__name__ == "ZMQInteractiveShell" else Silent()


class NotebookBar:
    """Shows each stage as a bar that is drawn anew at most five times a second."""

    def __init__(self) -> None:
        self._shown: Any = None
        self._name, self._total, self._done = "", 0, 0
        self._begin = self._drawn = 0.0

    def stage(self, name: str, total: int) -> None:
        """Begin a stage below the one before; one without steps is only named."""
        display = importlib.import_module("IPython.display").display
        self._name, self._total, self._done = name, total, 0
        self._begin = time.monotonic()
        self._shown = display(_Html(self._draw("")), display_id=True)

    def step(self, what: str = "") -> None:
        """Count one step."""
        self._done += 1
        now = time.monotonic()
        if self._shown is not None and (now > self._drawn + 0.2 or self._done == self._total):
            self._drawn = now
            self._shown.update(_Html(self._draw(what)))

    def _draw(self, what: str) -> str:
        texts = [self._name]
        if self._total:
            a_step = (time.monotonic() - self._begin) / max(self._done, 1)
            left = a_step * (self._total - self._done)
            texts.append(f"{self._done}/{self._total}")
            texts += [f"{format_duration(left)} left"] * bool(self._done) + [what] * bool(what)
        bar = f"<progress value='{self._done}' max='{self._total}'></progress> " * bool(self._total)
        return f"<div>{bar}{html.escape(' · '.join(texts))}</div>"


class _Html:
    """What a notebook shows as HTML."""

    def __init__(self, text: str) -> None:
        self._text = text

    def _repr_html_(self) -> str:
        return self._text
