"""Has some clips and one fold of a model measured, by the workers that will do the run.

As many measure at once as will run at once, since they slow each other down.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from mertk.cache import Cache
from mertk.harness import cliplist
from mertk.harness.costs import Growth, spread
from mertk.harness.line import build_line
from mertk.harness.prefix import PrefixKeys
from mertk.harness.probe import ClipsProbe, FoldProbe, probe_clips, probe_fold
from mertk.harness.runner import goes_together, groups
from mertk.harness.work import Job, prepare_clip

if TYPE_CHECKING:
    from mertk.clips import Clip
    from mertk.harness.executors import Executor
    from mertk.harness.plan import Model, Task
    from mertk.harness.progress import Progress
    from mertk.harness.runner import Options
    from mertk.plugins import Plugins
    from mertk.splits import Split

CLIPS_BUDGET = 8.0  # seconds in which a worker measures clips, once it has started
FOLD_BUDGET = 20.0  # seconds for the largest fold that is measured

Probe = TypeVar("Probe", ClipsProbe, FoldProbe)


@dataclass(frozen=True, slots=True)
class ClipsMeasured:
    """The prefix pass: which clips (by number) are `left` to compute.

    `waited` are seconds until a worker began. `sizes` are the bytes of the clips in the cache, and
    `keys` the cache keys of all.
    """

    probes: Sequence[ClipsProbe]
    waited: float
    left: Sequence[int]
    sizes: Mapping[int, int]
    keys: Sequence[str]


@dataclass(frozen=True, slots=True)
class FoldMeasured:
    """One fold, measured by every worker; `waited` are seconds until a worker began."""

    probes: Sequence[FoldProbe]
    waited: float
    split: Split

    @property
    def at_once(self) -> Growth | None:
        """The seconds to fit so many folds together; None where each is fitted by itself."""
        found = [probe.at_once for probe in self.probes if probe.at_once]
        if not found:
            return None
        return Growth(fmean(one.base for one in found), fmean(one.slope for one in found))


@dataclass(frozen=True, slots=True, eq=False)
class Measurer:
    """Measures one model on the clips and folds of one task; `folder` is for the clip list."""

    plugins: Plugins
    task: Task
    options: Options
    workers: Executor
    folder: Path
    watch: Progress
    model: Model

    def clips(self, promised: set[str]) -> ClipsMeasured | None:
        """Compute some clips that are not in the cache; None where there is nothing to compute.

        `promised` are the keys that other models will have computed by then; these are added.
        """
        registry, recipe = self.plugins.registry, self.model.recipe
        line = build_line(registry, recipe)
        if not line.prefix:
            return None
        names = PrefixKeys.of(registry, recipe, line)
        keys = [names.clip(clip) for clip in self.task.clips]
        before = {} if self.options.fresh else self._sizes(keys)
        missing = [at for at, key in enumerate(keys) if key not in promised and at not in before]
        probes, waited = self._some(missing or list(before))
        promised.update(keys)
        sizes = self._sizes(keys)
        left = missing if self.options.fresh else [at for at in missing if at not in sizes]
        return ClipsMeasured(probes, waited, left, sizes, keys)

    def _some(self, chosen: Sequence[int]) -> tuple[Sequence[ClipsProbe], float]:
        """Deal clips of all lengths out to the workers."""
        clips = [self.task.clips[at] for at in chosen]
        order = [clips[at] for at in spread([len(clip.footage.frames) for clip in clips])]
        workers = min(self.options.jobs, max(1, len(order) // 2))
        prepare = functools.partial(
            prepare_clip, self.model.recipe, self.plugins.files, self.options.cache
        )
        units = [
            functools.partial(
                probe_clips, prepare, order[at::workers], CLIPS_BUDGET, fresh=self.options.fresh
            )
            for at in range(workers)
        ]
        return self._measured("measuring clips", units)

    def _sizes(self, keys: Sequence[str]) -> dict[int, int]:
        cache = Cache(self.options.cache)
        found = {at: cache.bytes_of(key) for at, key in enumerate(keys)}
        return {at: size for at, size in found.items() if size is not None}

    def fold(self, clips: ClipsMeasured | None, device: str, workers: int) -> FoldMeasured:
        """Run the fold of median size; clips that are not in the cache have stand-ins."""
        splits = sorted(self.task.splits, key=lambda split: len(split.train))
        split, group = splits[len(splits) // 2], groups(self.task.splits, self.options.jobs)[0]
        unit = functools.partial(probe_fold, self._job(clips, device), split, group, FOLD_BUDGET)
        probes, waited = self._measured(f"measuring a fold on {device}", [unit] * workers)
        return FoldMeasured(probes, waited, split)

    def _job(self, clips: ClipsMeasured | None, device: str) -> Job:
        line = build_line(self.plugins.registry, self.model.recipe)
        keys: tuple[str, ...] = ()
        if clips is not None:
            known = clips.sizes
            keys = tuple(
                key if at in known else clips.keys[self._like(at, list(known))]
                for at, key in enumerate(clips.keys)
            )
        return Job(
            recipe=self.model.recipe,
            files=self.plugins.files,
            cache=self.options.cache,
            device=device,
            run=self.folder,
            clips=cliplist.note(self.folder, self.task.sample, keys),
            footage=tuple(c.footage for c in self.task.clips) if "footage" in line.needs else (),
            together=self.options.together and goes_together(line, self.model),
        )

    def _like(self, at: int, known: Sequence[int]) -> int:
        """The clip of `known` that stands in for one: of its label if there is one, and length."""
        labels, clips = self.task.sample.labels, self.task.clips
        same = [other for other in known if np.array_equal(labels[other], labels[at])]
        return min(same or known, key=lambda other: abs(_span(clips[other]) - _span(clips[at])))

    def _measured(
        self, what: str, units: Sequence[Callable[[], Probe]]
    ) -> tuple[list[Probe], float]:
        """What each unit finds, and how long a typical one waited for its worker."""
        self.watch.stage(f"{self.model.name}: {what}", len(units))
        called, found = time.time(), []
        for probe in self.workers.run(units):
            self.watch.step()
            found.append(probe)
        return found, max(0.0, median(probe.begun for probe in found) - called)


def _span(clip: Clip) -> int:
    return clip.footage.offset - clip.footage.onset
