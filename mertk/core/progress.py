"""What a long run tells while it runs."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of stages and of the steps in them; the command line draws it."""

    def stage(self, name: str, total: int) -> None:
        """A stage of `total` steps begins, and ends the one before."""
        ...

    def step(self, what: str = "") -> None:
        """One step is done; `what` names it."""
        ...


class Silent:
    """Tells nobody."""

    def stage(self, name: str, total: int) -> None:
        """Ignore."""

    def step(self, what: str = "") -> None:
        """Ignore."""
