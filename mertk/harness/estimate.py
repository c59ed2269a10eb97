"""What a run will cost, measured on a few clips and one fold and extrapolated to what is left.

Nothing goes into the ledger. Clips that are measured stay in the cache, and are then done.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mertk.harness.costs import FoldCost, Growth
from mertk.harness.forecast import Estimate, Planned, Stage
from mertk.harness.keyframes import jittered
from mertk.harness.line import build_line
from mertk.harness.measure import ClipsMeasured, FoldMeasured, Measurer
from mertk.harness.progress import Progress, Silent
from mertk.harness.replay import moved
from mertk.harness.runner import SEEDS, groups, identity_of
from mertk.ledger import Run

if TYPE_CHECKING:
    from mertk.harness.bench import Request
    from mertk.harness.executors import Executor
    from mertk.harness.plan import Model, Task
    from mertk.splits import Split

Folds = Sequence[tuple[int, "Split"]]
"""Seeds and folds that can be done at once."""


def estimate(request: Request, progress: Progress | None = None) -> Estimate:
    """Measure what is left of a request: in seconds, or a minute or two for large networks.

    Raises what components raise on the clips and the fold that are measured.
    """
    promised: set[str] = set()
    models, elsewhere = [], []
    cache = request.options.cache
    cache.mkdir(parents=True, exist_ok=True)
    with (
        request.opened([cache]) as workers,
        TemporaryDirectory(prefix="plan-", dir=cache) as folder,
    ):
        for model in request.models:
            task = jittered(request.task, model.jitter)
            look = _Look(request, task, model, workers, Path(folder), progress or Silent())
            here, *there = look.plan(promised)
            models.append(here)
            elsewhere += there
    return Estimate(jobs=request.options.jobs, models=models, elsewhere=elsewhere)


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """Plans one model."""

    request: Request
    task: Task
    model: Model
    workers: Executor
    folder: Path
    watch: Progress

    def plan(self, promised: set[str]) -> list[Planned]:
        """What is left on the device asked for, and on a GPU that is here besides.

        `promised` are cache keys that models before this one will fill; its own are added.
        """
        options = self.request.options
        passes = self._passes(draws=False)
        left = self._left(passes)
        if not any(left):
            return [self._planned(options.device, left, [self._done(passes)])]
        measurer = Measurer(
            self.request.plugins, self.task, options, self.workers, self.folder, self.watch,
            self.model,
        )  # fmt: skip
        clips = measurer.clips(promised)
        workers = min(options.jobs, max(map(len, left)))
        fold = measurer.fold(clips, options.device, workers)
        found = [self._on(options.device, clips, fold)]
        if options.device == "cpu" and any(probe.cuda for probe in fold.probes):
            found.append(self._on("cuda", clips, measurer.fold(clips, "cuda", workers)))
        return found

    def _on(self, device: str, clips: ClipsMeasured | None, fold: FoldMeasured) -> Planned:
        passes = self._passes(draws=any(probe.drew for probe in fold.probes))
        left = self._left(passes)
        features = [] if clips is None else [_features(self.task, clips)]
        unread = sum(stage.disk for stage in features)
        folds = self._folds(left, fold, self._done(passes), unread)
        return self._planned(device, left, [*features, *folds])

    def _planned(self, device: str, left: Sequence[Folds], stages: Sequence[Stage]) -> Planned:
        seeds = sorted({seed for folds in left for seed, _ in folds})
        return Planned(model=self.model.name, device=device, seeds=seeds, stages=stages)

    def _done(self, passes: Sequence[Sequence[int]]) -> Stage:
        total = len(self.task.splits) * sum(map(len, passes))
        return Stage(name="folds", left=0, total=total)

    def _passes(self, *, draws: bool) -> list[Sequence[int]]:
        """The seeds, as `Runner` does them one after the other; `draws` if that is known."""
        given = self.request.options.seeds
        run = self._run()
        chance = draws or bool(self.model.replay) or (run is not None and run.draws)
        more = given is None and not self.model.quick and chance
        return [given or SEEDS[:1], *([SEEDS[1:]] if more else [])]

    def _left(self, passes: Sequence[Sequence[int]]) -> list[Folds]:
        """The folds that are not finished, pass by pass."""
        run = None if self.request.options.fresh else self._run()
        return [
            [(seed, split) for seed in seeds for split in self.task.splits
             if run is None or not run.has(seed, split.name)]
            for seeds in passes
        ]  # fmt: skip

    def _run(self) -> Run | None:
        named = identity_of(self.request.plugins.registry, self.task, self.model)
        return Run.find(self.request.options.out, self.model.name, named)

    def _folds(
        self, left: Sequence[Folds], fold: FoldMeasured, stage: Stage, unread: int
    ) -> list[Stage]:
        """The folds, and before them what a replay fits once a seed, on all clips.

        `unread` are the bytes of clips that the measured fold had stand-ins for.
        """
        clips, count, probes = len(self.task.clips), sum(map(len, left)), fold.probes
        found = replace(
            stage,
            left=count,
            batches=[self._units(folds, fold) for folds in left],
            startup=fold.waited + fmean(probe.startup + clips * probe.load for probe in probes),
            memory=unread + max(probe.memory for probe in probes),
            disk=count * max(probe.disk for probe in probes),
            how=_how(fold),
            parts=self._typical(fold),
        )
        return [self._fitted_once(left, fold, found), found] if self._once() else [found]

    def _units(self, folds: Folds, fold: FoldMeasured) -> list[float]:
        """Seconds of each unit of work: a fold, or some that are fitted together."""
        alone = [sum(self._apart(fold, split).values()) for _, split in folds]
        if fold.at_once is None:
            return alone
        seconds = dict(zip([(seed, split.name) for seed, split in folds], alone, strict=True))
        return [
            fold.at_once.at(len(group)) + sum(seconds[seed, split.name] for split in group)
            for seed in sorted({seed for seed, _ in folds})
            for group in groups([s for n, s in folds if n == seed], self.request.options.jobs)
        ]

    def _apart(self, fold: FoldMeasured, split: Split) -> dict[str, float]:
        """Seconds of a fold by place, but for what is fitted once or for several folds together."""
        together = set() if fold.at_once is None else {self._head}
        return _parts(fold, len(split.train), len(split.test), without=self._once() | together)

    def _typical(self, fold: FoldMeasured) -> dict[str, float]:
        """Seconds of the fold that was measured by place; its share of what was fitted together."""
        parts = self._apart(fold, fold.split)
        if fold.at_once is None:
            return parts
        count = len(groups(self.task.splits, self.request.options.jobs)[0])
        return parts | {self._head: fold.at_once.at(count) / count}

    @property
    def _head(self) -> str:
        return f"{build_line(self.request.plugins.registry, self.model.recipe).head.place}.fit"

    def _fitted_once(self, left: Sequence[Folds], fold: FoldMeasured, folds: Stage) -> Stage:
        later = {
            name for name in _parts(fold, 1, 1) if name.removesuffix(".fit") not in self._once()
        }
        parts = _parts(fold, len(self.task.clips), 0, without=later)
        seeds = [len({seed for seed, _ in one}) for one in left]
        return Stage(
            name="fitted once",
            left=sum(seeds),
            total=folds.total // len(self.task.splits),
            batches=[[sum(parts.values())] * count for count in seeds],
            memory=folds.memory,
            how=folds.how,
            parts=parts,
        )

    def _once(self) -> set[str]:
        """The places that a replay has before its folds."""
        line = build_line(self.request.plugins.registry, self.model.recipe)
        inside = {step.place for step in line.inside}
        return inside - {step.place for step in moved(line, self.model.once).inside}


def _parts(
    fold: FoldMeasured, train: int, test: int, *, without: Collection[str] = ()
) -> dict[str, float]:
    """Seconds of a fold of so many clips by place, but for some places: the workers' mean."""
    found = [FoldCost(probe.small, probe.large).by_place(train, test) for probe in fold.probes]
    return {
        name: fmean(one[name] for one in found)
        for name in found[0]
        if not {name, name.removesuffix(".fit")} & set(without)
    }


def _features(task: Task, clips: ClipsMeasured) -> Stage:
    """The prefix pass; it also looks at the clips that are in the cache."""
    frames = [len(clip.footage.frames) for clip in task.clips]
    of_uid = {clip.uid: count for clip, count in zip(task.clips, frames, strict=True)}
    first = [probe.clips[0] for probe in clips.probes]
    warm = [clip for probe in clips.probes for clip in probe.clips[1:]] or first
    cost = Growth.through([of_uid[clip.uid] for clip in warm], [clip.seconds for clip in warm])
    size = Growth.through([frames[at] for at in clips.sizes], list(clips.sizes.values()))
    again = fmean(clip.again for clip in warm)
    cold = fmean(clip.seconds - cost.at(of_uid[clip.uid]) for clip in first)
    left = set(clips.left)
    return Stage(
        name="features",
        left=len(left),
        total=len(frames),
        batches=[[cost.at(count) if at in left else again for at, count in enumerate(frames)]],
        startup=clips.waited + max(0.0, cold),
        memory=max(probe.memory for probe in clips.probes),
        disk=round(sum(size.at(frames[at]) for at in left)),
        how=f"{sum(len(probe.clips) for probe in clips.probes)} clips",
        parts={"new": cost.at(int(median(frames))), "in the cache": again},
    )


def _how(fold: FoldMeasured) -> str:
    """What was measured of a fold, in words."""
    large = max((probe.large for probe in fold.probes), key=lambda time: time.train)
    said = f"1 fold, {large.train} of {len(fold.split.train)} training clips"
    networks = [network for found in large.trainings.values() for network in found]
    if networks:
        share = sum(n.done for n in networks) / sum(n.planned for n in networks)
        said += f", {len(networks)} network(s) for {100 * share:.2g} % of their steps"
    return said
