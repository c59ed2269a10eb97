"""Progress on standard error: stage, steps, time left."""

from __future__ import annotations

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    """Draws the stages of a run, one line each; a log line per stage where there is no terminal."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, markup=False, emoji=False)
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.fields[what]}", markup=False),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task: object = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def stage(self, name: str, total: int) -> None:
        """Begin a stage; one without steps is only named."""
        if not self._console.is_terminal:
            self._console.print(f"{name} ({total})" if total else name, highlight=False)
        self._task = self._bar.add_task(name, total=total or None, what="") if total else None

    def step(self, what: str = "") -> None:
        """Count one step."""
        if self._task is not None:
            self._bar.update(self._task, advance=1, what=what)  # type: ignore[arg-type]
