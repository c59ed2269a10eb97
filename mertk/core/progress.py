"""The progress of a long run."""

from typing import Protocol


class Progress(Protocol):
    """Receives stages and the steps in them; the command line draws them."""

    def stage(self, name: str, total: int) -> None:
        """A stage of `total` steps begins, and ends the one before."""

    def step(self, what: str = "") -> None:
        """One step is done; `what` names it."""


class Silent:
    """Shows nothing."""

    def stage(self, name: str, total: int) -> None:
        """Ignore."""

    def step(self, what: str = "") -> None:
        """Ignore."""
