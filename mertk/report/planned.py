"""What a run will cost, for a terminal and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mertk.printing import text_console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from mertk.harness.forecast import Estimate, Planned, Stage

WORKERS = (1, 2, 8, 32)
SMALL = 0.01  # of the whole: stages that no sentence is spent on


def show(plan: Estimate, *, starting: float) -> None:
    """Print what each stage costs; `starting` are the seconds until the work begins."""
    console = text_console()
    console.print(_stages([*plan.models, *plan.elsewhere], plan.jobs))
    console.print(_workers(plan, starting))
    for sentence in sentences(plan, starting):
        console.print(sentence)


def sentences(plan: Estimate, starting: float) -> list[str]:
    """How it was measured, where the time goes, and the sum."""
    whole = plan.seconds(plan.jobs) + starting
    found = [
        f"{_name(model)}, {stage.name}: measured on {stage.how}; one takes {_slowest(stage)}."
        for model in (*plan.models, *plan.elsewhere)
        for stage in model.stages
        if stage.seconds(plan.jobs) > SMALL * whole
    ]
    total = (
        f"On {plan.jobs} workers {duration(whole)}, of which the start "
        f"{duration(starting)}. Memory of all workers: up to {size(plan.memory)}. "
        f"Disk: {size(plan.disk)} more."
    )
    kept = "Nothing has been run. Clips that were measured are in the cache, and not counted."
    return [*found, total, kept]


def to_json(plan: Estimate, *, starting: float) -> dict[str, Any]:
    """The same as data: seconds, and bytes."""
    return {
        "jobs": plan.jobs,
        "seconds": plan.seconds(plan.jobs) + starting,
        "start_seconds": starting,
        "memory": plan.memory,
        "disk": plan.disk,
        "models": [_model(model, plan.jobs) for model in plan.models],
        "elsewhere": [_model(model, plan.jobs) for model in plan.elsewhere],
        "seconds_by_workers": {
            str(count): plan.seconds(count) + starting for count in _counts(plan)
        },
    }


def duration(seconds: float) -> str:
    """A time to read: 0.4 s, 12 s, 3 min, 5.2 h, 8.1 days."""
    for unit, length in (("days", 2 * 86_400.0), ("h", 2 * 3_600.0), ("min", 120.0)):
        if seconds >= length:
            return f"{seconds / length * 2:.3g} {unit}"
    return f"{seconds:.2g} s" if seconds < 100 else f"{seconds:.0f} s"


def size(count: float) -> str:
    """Bytes to read."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def _stages(models: Sequence[Planned], jobs: int) -> Table:
    from rich.table import Table

    table = Table(title="what is left to run", box=None, padding=(0, 2, 0, 0), title_justify="left")
    table.add_column("model", overflow="fold")
    table.add_column("stage")
    for name in ("left", f"time on\n{jobs} workers", "memory\na worker", "disk"):
        table.add_column(name, justify="right", no_wrap=True)
    for model in models:
        for at, stage in enumerate(model.stages):
            table.add_row("" if at else _name(model), *_cells(stage, jobs))
    return table


def _cells(stage: Stage, jobs: int) -> list[str]:
    return [
        stage.name,
        f"{stage.left} of {stage.total}",
        duration(stage.seconds(jobs)),
        size(stage.memory) if stage.memory else "–",
        size(stage.disk) if stage.disk else "–",
    ]


def _name(model: Planned) -> str:
    return model.model if model.device == "cpu" else f"{model.model} on {model.device}"


def _slowest(stage: Stage) -> str:
    """The two parts of a unit that take longest."""
    slow = sorted(stage.parts.items(), key=lambda part: -part[1])[:2]
    return ", ".join(f"{duration(seconds)} ({name})" for name, seconds in slow)


def _workers(plan: Estimate, starting: float) -> Table:
    from rich.table import Table

    table = Table(title="on N workers", box=None, padding=(0, 2, 0, 0), title_justify="left")
    table.add_column("N", justify="right")
    for model in (*plan.models, *plan.elsewhere):
        table.add_column(_name(model), justify="right", overflow="fold")
    table.add_column("all", justify="right")
    for count in _counts(plan):
        each = [model.seconds(count) for model in (*plan.models, *plan.elsewhere)]
        whole = plan.seconds(count) + starting
        table.add_row(str(count), *map(duration, each), duration(whole))
    return table


def _counts(plan: Estimate) -> list[int]:
    return sorted({*WORKERS, plan.jobs})


def _model(model: Planned, jobs: int) -> dict[str, Any]:
    return {
        "model": model.model,
        "device": model.device,
        "seeds": list(model.seeds),
        "seconds": model.seconds(jobs),
        "seconds_by_workers": {str(n): model.seconds(n) for n in sorted({*WORKERS, jobs})},
        "stages": [_stage(stage, jobs) for stage in model.stages],
    }


def _stage(stage: Stage, jobs: int) -> dict[str, Any]:
    about = asdict(stage)
    del about["batches"]
    return about | {"seconds": stage.seconds(jobs)}
