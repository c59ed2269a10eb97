"""What a run will cost: time, memory and disk, by model and stage, on any number of workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mertk.harness.costs import makespan


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One pass of a model: features, folds, or what a replay fits once.

    Of `total` units of work, clips or folds, `left` are to be done. `batches` are the seconds of
    one worker for each; a batch begins when the one before is done. A worker needs `startup`
    seconds before its first unit and at most `memory` bytes; `disk` bytes are written. `how` says
    what was measured, and `parts` how many seconds a typical unit spends where.
    """

    name: str
    left: int
    total: int
    batches: Sequence[Sequence[float]] = ()
    startup: float = 0.0
    memory: int = 0
    disk: int = 0
    how: str = "nothing to measure"
    parts: Mapping[str, float] = field(default_factory=dict)

    def seconds(self, workers: int) -> float:
        """How long this many workers take, each as fast as those that were measured."""
        work = sum(makespan(batch, workers) for batch in self.batches)
        return self.startup + work if work else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What is left of one model on one device; `seeds` are those with folds to do."""

    model: str
    device: str
    seeds: Sequence[int]
    stages: Sequence[Stage]

    def seconds(self, workers: int) -> float:
        """How long this many workers take for all its stages."""
        return sum(stage.seconds(workers) for stage in self.stages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run will cost on `jobs` workers.

    `elsewhere` are the models that train networks, on a GPU that is here and was not asked for.
    """

    jobs: int
    models: Sequence[Planned]
    elsewhere: Sequence[Planned] = ()

    def seconds(self, workers: int) -> float:
        """How long this many workers take for all models, one after the other."""
        return sum(model.seconds(workers) for model in self.models)

    @property
    def memory(self) -> int:
        """The most bytes that all workers use at once, pages that they share counted for each."""
        stages = [stage for model in self.models for stage in model.stages]
        return max((s.memory * min(self.jobs, s.total) for s in stages), default=0)

    @property
    def disk(self) -> int:
        """The bytes that will be written."""
        return sum(stage.disk for model in self.models for stage in model.stages)
