"""Progress on standard error: stage, steps, time left."""

import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from mertk.core.printing import format_duration

_LINE_SECONDS = 30.0  # between two lines on the steps of a stage in a log file


class _TimeLeft(ProgressColumn):
    """The time that the steps left need: elapsed time ÷ steps done × steps left."""

    def render(self, task: Task) -> Text:
        if not task.completed or task.elapsed is None:
            return Text()
        if task.finished:
            return Text(format_duration(task.finished_time or 0.0))
        return Text(f"{format_duration(_estimate(task.elapsed, task))} left")


def _estimate(elapsed: float, task: Task) -> float:
    return elapsed / task.completed * (task.remaining or 0.0)


class Bar:
    """Draws the stages of a run, one line each; a log file has a line per stage and half minute."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, markup=False, emoji=False)
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            _TimeLeft(),
            TextColumn("{task.fields[what]}", markup=False),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task: Task | None = None
        self._begin = self._printed = 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def stage(self, name: str, total: int) -> None:
        """Begin a stage; one without steps is only named."""
        if not self._console.is_terminal:
            self._console.print(f"{name} ({total})" if total else name, highlight=False)
        self._task = None
        if total:
            number = self._bar.add_task(name, total=total, what="")
            self._task = next(task for task in self._bar.tasks if task.id == number)
        self._begin = self._printed = time.monotonic()

    def step(self, what: str = "") -> None:
        """Count one step."""
        task, now = self._task, time.monotonic()
        if task is None:
            return
        self._bar.update(task.id, advance=1, what=what)
        if not self._console.is_terminal and now > self._printed + _LINE_SECONDS:
            self._printed = now
            left = format_duration(_estimate(now - self._begin, task))
            done = f"{task.description} {task.completed:.0f}/{task.total:.0f}"
            line = f"{done} · {left} left · {what}"
            self._console.print(line.rstrip(" ·"), highlight=False, soft_wrap=True)
