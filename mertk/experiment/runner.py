"""One model's run: its prefix pass, its folds for every seed, and the passes that come after."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from statistics import median
from typing import TYPE_CHECKING, Any

from mertk.core.errors import ComponentError, DataError, MertkError
from mertk.evaluation import epoch_choice
from mertk.experiment import clip_list_file, epoch_oracle
from mertk.experiment.fold_progress import count_saved_folds
from mertk.experiment.jobs import Job, do_folds, do_once, prepare_clip
from mertk.experiment.keyframes import of_prefix
from mertk.experiment.leaky_replay import move_frontier
from mertk.pipeline.features import PrefixKeys
from mertk.pipeline.fold import can_fit_folds_together
from mertk.pipeline.pipeline import PIPELINE_VERSION, build_pipeline
from mertk.plugins import hooks
from mertk.storage import identity
from mertk.storage.ledger import Fold, Run

if TYPE_CHECKING:
    from mertk.core.clips import Clip
    from mertk.core.interfaces import Executor
    from mertk.core.progress import Progress
    from mertk.core.recipe import Recipe
    from mertk.core.splits import Split
    from mertk.experiment.execution import Execution
    from mertk.experiment.study import OpenStudy
    from mertk.experiment.task import Task
    from mertk.experiment.variants import Variant
    from mertk.pipeline.pipeline import Pipeline
    from mertk.plugins.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What is left of a run once its first fold is done.

    Args:
        model: the variant's name.
        folds: how many folds the run has, over all seeds.
        left: how many of them are not finished.
        fold_seconds: what one takes, the median of those that are finished.
        features_seconds: what the pass over the clips has taken just now.
        memory: the most that a worker has held, in MB; 0 where the system does not tell.
        workers: how many workers there are.
    """

    model: str
    folds: int
    left: int
    fold_seconds: float
    features_seconds: float
    memory: float
    workers: int

    def seconds_left(self, workers: int) -> float:
        """How long so many workers take for the folds that are left."""
        return math.ceil(self.left / workers) * self.fold_seconds


SEEDS = (0, 1, 2, 3, 4)
"""The random seeds of a stochastic model, where no seeds are given."""


@dataclass(frozen=True, slots=True, eq=False)
class Runner:
    """Runs one variant of a study."""

    study: OpenStudy
    variant: Variant
    executor: Executor

    @property
    def task(self) -> Task:
        """The clips and folds, as the variant sees them."""
        return self.study.task_of(self.variant)

    @property
    def execution(self) -> Execution:
        """How it is run."""
        return self.study.execution

    @property
    def progress(self) -> Progress:
        """Receives stages and steps."""
        return self.study.progress

    def run(self) -> Run:
        """The run, with every fold of every seed in it."""
        run, given = self._open_run(), self.study.study.seeds
        if self.execution.fresh:
            run.clear(given or SEEDS)
        job = functools.cache(functools.partial(self._make_job, run))
        self._finish_folds(run, given or SEEDS[:1], job)
        if given is None and not self.variant.is_quick and run.draws:
            self._finish_folds(run, SEEDS, job)
        return run

    def look(self, run: Run) -> None:
        """Look at the epochs of every fold and seed of a finished run; a look can be finished."""
        job = functools.cache(functools.partial(self._make_job, run))
        seeds = sorted({fold.seed for fold in run.folds()})
        missing = [
            (split, seed)
            for seed in seeds
            for split in self.task.splits
            if epoch_choice.read_epochs(run, seed, split.name) is None
        ]
        first = epoch_choice.read_epochs(run, seeds[0], self.task.splits[0].name)
        if not missing or (first is not None and not first.test):
            return
        self.progress.stage(f"{self.variant.name}: epochs", len(missing))
        units = [
            functools.partial(epoch_oracle.do_epochs, job(), split, seed) for split, seed in missing
        ]
        if first is None:  # without epochs, one fold tells
            (found,) = self.executor.run([units.pop(0)])
            if not found:
                return
            self.progress.step()
        for _ in self.executor.run(units):
            self.progress.step()

    def _finish_folds(self, run: Run, seeds: Sequence[int], job: Callable[[], Job]) -> None:
        """Do the folds that are missing of these seeds."""
        run.note_seeds(seeds)
        missing = self._list_missing_folds(run, seeds)
        if not missing:
            if not run.knows_prefix:
                job()  # which notes it again
            return
        jobs = self._fit_once(run, job(), sorted({seed for _, seed in missing}))
        self.progress.stage(f"{self.variant.name}: folds", len(missing))
        units = [
            functools.partial(do_folds, one, group, seed)
            for seed, one in jobs.items()
            for group in self._group_splits([s for s, n in missing if n == seed], one)
        ]
        names = [(seed, split.name) for split, seed in missing]
        with count_saved_folds(run, names, self.progress) as count:
            for fold in chain.from_iterable(self.executor.run(units)):
                self._tell_observers(run, fold)
                count(fold.seed, fold.name)

    def _tell_observers(self, run: Run, fold: Fold) -> None:
        """Tell the observers of a finished fold."""
        hooks.tell_observers(
            self.study.plugins.manager,
            "mertk_fold_done",
            run=run.identity,
            fold=asdict(fold),
            name=run.name,
            folder=run.path,
        )

    def _list_missing_folds(self, run: Run, seeds: Sequence[int]) -> list[tuple[Split, int]]:
        """The folds of these seeds that are not finished."""
        return [(s, n) for n in seeds for s in self.task.splits if not run.has(n, s.name)]

    def plan(self) -> Planned:
        """Do the features and the first missing fold, and tell what the others will take."""
        run, given = self._open_run(), self.study.study.seeds
        if self.execution.fresh:
            run.clear(given or SEEDS)
        seeds = given or SEEDS[:1]
        run.note_seeds(seeds)
        missing = self._list_missing_folds(run, seeds)
        start = time.perf_counter()
        if missing:
            split, seed = missing[0]
            job = self._fit_once(run, self._make_job(run), [seed])[seed]
            prepared = time.perf_counter() - start
            self.progress.stage(f"{self.variant.name}: first fold", 1)
            unit = functools.partial(do_folds, replace(job, together=False), [split], seed)
            ((fold,),) = self.executor.run([unit])
            self._tell_observers(run, fold)
            self.progress.step(fold.name)
        else:
            prepared = 0.0
        if given is None and not self.variant.is_quick and run.draws:
            seeds = SEEDS
        done = list(run.folds())
        return Planned(
            model=self.variant.name,
            folds=len(self.task.splits) * len(seeds),
            left=len(self._list_missing_folds(run, seeds)),
            fold_seconds=median(fold.seconds["total"] for fold in done),
            features_seconds=prepared,
            memory=max(fold.memory for fold in done),
            workers=self.executor.workers,
        )

    def _group_splits(self, splits: Sequence[Split], job: Job) -> list[Sequence[Split]]:
        if job.together:
            return group_folds(splits, self.executor.workers)
        return [[split] for split in splits]

    def _fit_once(self, run: Run, job: Job, seeds: Sequence[int]) -> Mapping[int, Job]:
        """The job of each seed; that of a replay reads what was fitted once with that seed."""
        if not self.variant.once:
            return dict.fromkeys(seeds, job)
        self.progress.stage(f"{self.variant.name}: LEAKED stage on all clips", len(seeds))
        keys = {
            seed: tuple(
                identity.hash_json(["once", run.path.name, seed, uid]) for uid in job.sample.uids
            )
            for seed in seeds
        }
        jobs = {
            seed: replace(
                job, clips=clip_list_file.write_clip_list(run.path, job.sample, keys[seed])
            )
            for seed in seeds
        }
        units = [
            functools.partial(do_once, job, jobs[seed], seed, fresh=self.execution.fresh)
            for seed in seeds
        ]
        for _ in self.executor.run(units):
            self.progress.step()
        return jobs

    def _make_job(self, run: Run) -> Job:
        """What a worker must know, after the prefix pass."""
        registry, task = self.study.plugins.registry, self.task
        line = build_pipeline(registry, self.variant.recipe)
        keys: tuple[str, ...] = ()
        spent, read = 0.0, list[str]()
        if line.prefix:
            names = PrefixKeys.of(registry, self.variant.recipe, line)
            keys = tuple(names.clip(clip) for clip in task.clips)
            spent, read = self._compute_features(keys), list(of_prefix(line, task.clips[0]))
        run.note_prefix(spent, read)
        needs = line.needs | move_frontier(line, self.variant.once).needs
        return Job(
            recipe=self.variant.recipe,
            files=self.study.plugins.files,
            cache=self.execution.cache_folder,
            device=self.execution.device,
            run=run.path,
            clips=clip_list_file.write_clip_list(run.path, task.sample, keys),
            footage=tuple(c.footage for c in task.clips) if "footage" in needs else (),
            together=self.execution.together and goes_together(line, self.variant),
        )

    def _open_run(self) -> Run:
        registry = self.study.plugins.registry
        named = identity_of(registry, self.task, self.variant)
        about = identity.collect_provenance(self.execution.device) | {
            "synthetic": self.task.synthetic,
            "folders": self.study.absolute_folders,
            "origins": origins_of(registry, self.variant.recipe, named),
            "together": self.execution.together,
            "published": self.task.published,
            "variant": self.variant.to_json(),
            "seen_before": seen_before(
                registry, self.variant.recipe, self.task.identity["datasets"]
            ),
        }
        return Run.open(
            self.execution.runs_folder, self.variant.name, named, about, facts_of(self.task)
        )

    def _compute_features(self, keys: Sequence[str]) -> float:
        """Compute what is not in the cache; clips that fail are reported together at the end.

        With `fresh`, what this command has not computed itself does not count as being there.
        """
        clips, renewed = self.task.clips, self.study.renewed
        self.progress.stage(f"{self.variant.name}: features", len(clips))
        todo = functools.partial(
            prepare_clip,
            self.variant.recipe,
            self.study.plugins.files,
            self.execution.cache_folder,
        )
        units = []
        for clip, key in zip(clips, keys, strict=True):
            fresh = self.execution.fresh and key not in renewed
            units.append(functools.partial(_try_unit, functools.partial(todo, fresh=fresh), clip))
        renewed.update(keys)
        failed: list[MertkError] = []
        spent = 0.0
        for uid, found in self.executor.run(units):
            self.progress.step(uid)
            if isinstance(found, MertkError):
                failed.append(found)
            else:
                spent += found
        if failed:
            shown = "\n  ".join(sorted(str(error) for error in failed)[:10])
            more = f"\n  … and {len(failed) - 10} more" if len(failed) > 10 else ""
            kind = DataError if all(isinstance(e, DataError) for e in failed) else ComponentError
            raise kind(
                f"{len(failed)} of {len(clips)} clips failed (the others are cached):\n"
                f"  {shown}{more}"
            )
        return spent


def goes_together(line: Pipeline, variant: Variant) -> bool:
    """Whether folds of a model are fitted at once: not behind what a replay fits before them."""
    return not variant.once and can_fit_folds_together(line)


def group_folds(splits: Sequence[Split], workers: int) -> list[Sequence[Split]]:
    """The folds of a seed that go together in one unit of work: a unit for each worker."""
    count = min(workers, len(splits))
    return [splits[at::count] for at in range(count)]


def _try_unit(unit: Callable[[Clip], float], clip: Clip) -> tuple[str, float | MertkError]:
    """A clip's id, and its seconds or what is wrong with it."""
    try:
        return clip.uid, unit(clip)
    except (DataError, ComponentError) as error:
        return clip.uid, error


def identity_of(registry: Registry, task: Task, variant: Variant) -> dict[str, Any]:
    """What names a model's run in the ledger."""
    named = {
        "recipe": variant.recipe.to_json(),
        "components": identity.recipe_identity(registry, variant.recipe),
        "pipeline": PIPELINE_VERSION,
        **task.identity,
    }
    if variant.replay:
        named["replay"] = {"name": variant.replay, "once": list(variant.once)}
    return named


def origins_of(registry: Registry, recipe: Recipe, named: Mapping[str, Any]) -> list[str]:
    """Where all that an identity names is from: packages with their releases, or files."""
    parts = [(place.partition(".")[0], use.name) for place, use in recipe.places().items()]
    parts += [("dataset", use["name"]) for use in named["datasets"]]
    parts += [("protocol", named["protocol"]["name"])]
    return sorted({registry.get(kind, name).origin for kind, name in parts})


def facts_of(task: Task) -> dict[str, dict[str, Any]]:
    """By clip id what a run writes down of it before its first fold."""
    sample = task.sample
    fold = {int(at): split.name for split in task.splits for at in split.test}
    return {
        clip.uid: {
            "fold": fold.get(at),
            "person": str(sample.people[at]),
            "truth": sample.labels[at].tolist(),
            **_collect_facts(clip),
        }
        for at, clip in enumerate(task.clips)
    }


def _collect_facts(clip: Clip) -> dict[str, Any]:
    """What a clip's record tells that scores can be grouped by."""
    footage, record = clip.footage, clip.record
    seconds = (footage.offset - footage.onset + 1) / footage.fps
    known = {"aus": sorted(record["au_set"])} if record.get("au_known") else {}
    return {"seconds": round(seconds, 4), **known}


def seen_before(
    registry: Registry, recipe: Recipe, datasets: Sequence[Mapping[str, Any]]
) -> dict[str, list[str]]:
    """By place the data sets of a run that went into a component's frozen weights beforehand."""
    names = {use["name"] for use in datasets}
    found = {
        place: sorted(names & set(registry.get(place.partition(".")[0], use.name).trained_on))
        for place, use in recipe.places().items()
    }
    return {place: both for place, both in found.items() if both}
