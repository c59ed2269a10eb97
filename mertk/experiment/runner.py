"""The run of one model: features of all clips, then the folds of every seed, then the epochs."""

import functools
import itertools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

from mertk.core.clips import Clip
from mertk.core.errors import ComponentError, DataError, MertkError
from mertk.core.interfaces import Executor
from mertk.core.printing import count_noun
from mertk.core.recipe import Recipe
from mertk.core.splits import Split
from mertk.evaluation import epoch_choice
from mertk.experiment import epoch_oracle
from mertk.experiment.fold_progress import count_saved_folds
from mertk.experiment.jobs import Job, do_folds, do_once, prepare_clip, write_clip_list
from mertk.experiment.keyframes import list_prefix_reads
from mertk.experiment.leaky_replay import move_frontier
from mertk.experiment.open_study import OpenStudy
from mertk.experiment.run_facts import (
    describe_preset,
    facts_of,
    find_random_backbones,
    identity_of,
    origins_of,
    seen_before,
)
from mertk.experiment.task import Task
from mertk.experiment.variants import Variant
from mertk.nn.training import find_device
from mertk.pipeline import feature_checks
from mertk.pipeline.features import PrefixKeys, unpack_clip_state
from mertk.pipeline.fold import can_fit_folds_together
from mertk.pipeline.pipeline import build_pipeline
from mertk.plugins import hooks
from mertk.storage import identity
from mertk.storage.cache import Cache
from mertk.storage.ledger import Fold, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The remaining work of a run after its first fold.

    Args:
        model: the variant's name.
        folds: the number of folds of the run, over all seeds.
        left: the number of unfinished folds.
        fold_seconds: the median time of a finished fold.
        features_seconds: the time of the pass over the clips in this call; of a pass that several
            models share, the part of this one.
        memory: the peak memory of a worker in MB; 0 where the system does not report it.
        workers: the number of workers.
        latest_seconds: the time of the fold that was run for this; the median if none was.
    """

    model: str
    folds: int
    left: int
    fold_seconds: float
    features_seconds: float
    memory: float
    workers: int
    latest_seconds: float = 0.0

    def seconds_left(self, workers: int) -> float:
        """The time that this number of workers needs for the remaining folds."""
        return math.ceil(self.left / workers) * self.fold_seconds


SEEDS = (0, 1, 2, 3, 4)  # of a stochastic model, where none are given


def _is_deterministic(run: Run) -> bool:
    """Whether two seeds give equal predictions, though random numbers were drawn."""
    table = run.predictions()
    one, other = (
        table[table["seed"] == seed].drop(columns="seed").sort_values("uid", ignore_index=True)
        for seed in SEEDS[:2]
    )
    return bool(one.equals(other))


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
    def _device(self) -> str:
        """The device's name; `auto` is looked up where this machine trains."""
        execution = self.study.execution
        if execution.device == "auto" and execution.executor == "local":
            return find_device("auto").type
        return execution.device

    def run(self) -> Run:
        """The run, with every fold of every seed in it."""
        run = self._open_run()
        job = functools.cache(functools.partial(self._make_job, run))
        self._expect_folds(run)
        self._finish_folds(run, self.study.study.seeds or SEEDS[:1], job)
        if self._needs_all_seeds(run):
            self._finish_folds(run, SEEDS[:2], job)
            if not _is_deterministic(run):
                self._finish_folds(run, SEEDS, job)
        return run

    def try_first_clip(self) -> None:
        """Compute the features of one clip; its error comes before another model runs for long."""
        study, recipe, clip = self.study, self.variant.recipe, self.task.clips[0]
        pipeline, cache = build_pipeline(study.registry, recipe), study.execution.cache_folder
        if not pipeline.prefix:
            return
        key = PrefixKeys.of(study.registry, recipe, pipeline).clip(clip)
        fresh = study.execution.fresh and key not in study.renewed
        prepare = functools.partial(_try_prepare_clip, recipe, study.plugins.files, cache)
        ((_, found),) = self.executor.run([functools.partial(prepare, clip, fresh=fresh)])
        study.renewed.add(key)
        if isinstance(found, MertkError):
            raise type(found)(f"{self.variant.name}: {found}") from found

    def _needs_all_seeds(self, run: Run) -> bool:
        """Whether the run is stochastic, and the user has not chosen the seeds."""
        return self.study.study.seeds is None and not self.variant.is_quick and run.draws

    def _expect_folds(self, run: Run) -> None:
        """Say how many folds are left: those of more seeds as well, once the run is stochastic."""
        seeds = self.study.study.seeds
        left = len(self._list_missing_folds(run, seeds or SEEDS[:1]))
        more = 0
        if seeds is None and not self.variant.is_quick:
            more = len(self._list_missing_folds(run, SEEDS[1:]))
        if more and run.draws:
            left, more = left + more, 0
        self.study.outlook.expect_folds(self.variant, left, more)

    def evaluate_epochs(self, run: Run) -> None:
        """Evaluate the epochs of every fold and seed of a finished run; finished folds are kept."""
        job = functools.cache(functools.partial(self._make_job, run))
        seeds = sorted({fold.seed for fold in run.folds()})
        missing = []
        for seed, split in itertools.product(seeds, self.task.splits):
            if epoch_choice.read_epochs(run, seed, split.name) is None:
                missing.append((split, seed))
        first = epoch_choice.read_epochs(run, seeds[0], self.task.splits[0].name)
        if not missing or (first is not None and not first.test):
            return
        self.study.progress.stage(f"{self.variant.name}: epochs", len(missing))
        units = [functools.partial(epoch_oracle.do_epochs, job(), *one) for one in missing]
        if first is None:  # one fold shows whether the model has epochs
            (found,) = self.executor.run([units.pop(0)])
            if not found:
                return
            self.study.progress.step()
        for _ in self.executor.run(units):
            self.study.progress.step()

    def _finish_folds(self, run: Run, seeds: Sequence[int], job: Callable[[], Job]) -> None:
        """Run the missing folds of these seeds."""
        run.note_seeds(seeds)
        missing = self._list_missing_folds(run, seeds)
        if not missing:
            if not run.knows_prefix:
                job()  # which records the prefix again
            return
        jobs = self._fit_once(run, job(), sorted({seed for _, seed in missing}))
        self.study.progress.stage(f"{self.variant.name}: folds", len(missing))
        units = []
        for seed, one in jobs.items():
            splits = [split for split, other in missing if other == seed]
            for group in self._group_splits(splits, one):
                units.append(functools.partial(do_folds, one, group, seed))
        names = [(seed, split.name) for split, seed in missing]
        describe = functools.partial(self.study.outlook.describe_saved_fold, run)
        with count_saved_folds(run, names, self.study.progress, describe) as count_fold:
            for fold in itertools.chain.from_iterable(self.executor.run(units)):
                self._tell_observers(run, fold)
                count_fold(fold.seed, fold.name)

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
        pairs = itertools.product(seeds, self.task.splits)
        return [(split, seed) for seed, split in pairs if not run.has(seed, split.name)]

    def has_folds_to_run(self) -> bool:
        """Whether a fold is not saved yet, or all are to be run again; nothing is written."""
        named = identity_of(self.study.registry, self.task, self.variant)
        run = Run.find(self.study.execution.runs_folder, self.variant.name, named)
        if run is None or self.study.execution.fresh:
            return True
        pairs = itertools.product(self.study.study.seeds or SEEDS[:1], self.task.splits)
        return any(run.saved_at(seed, split.name) is None for seed, split in pairs)

    def count_missing_folds(self, seeds: int) -> int:
        """The folds that are not finished, with the study's seeds or as many of the usual ones."""
        numbers = self.study.study.seeds or SEEDS[:seeds]
        return len(self._list_missing_folds(self._open_run(), numbers))

    def plan(self) -> Planned:
        """Compute the features and the first missing fold, and estimate the rest."""
        run, seeds = self._open_run(), self.study.study.seeds or SEEDS[:1]
        run.note_seeds(seeds)
        missing = self._list_missing_folds(run, seeds)
        prepared, latest = 0.0, 0.0
        if missing:
            start, (split, seed) = time.perf_counter(), missing[0]
            before = sum(seconds for seconds, _ in self.study.spent.values())
            job = self._fit_once(run, self._make_job(run), [seed])[seed]
            shared = before - sum(seconds for seconds, _ in self.study.spent.values())
            prepared = time.perf_counter() - start + shared / self.executor.workers
            self.study.progress.stage(f"{self.variant.name}: first fold", 1)
            job = replace(job, together=job.together and self._device != "cpu")
            unit = functools.partial(do_folds, job, [split], seed)
            ((fold,),) = self.executor.run([unit])
            self._tell_observers(run, fold)
            self.study.progress.step(fold.name)
            latest = fold.seconds["total"]
        if self._needs_all_seeds(run):
            seeds = SEEDS
        done = list(run.folds())
        middle = median(fold.seconds["total"] for fold in done)
        return Planned(
            model=self.variant.name,
            folds=len(self.task.splits) * len(seeds),
            left=len(self._list_missing_folds(run, seeds)),
            fold_seconds=middle,
            features_seconds=prepared,
            memory=max(fold.memory for fold in done),
            workers=self.executor.workers,
            latest_seconds=latest or middle,
        )

    def _group_splits(self, splits: Sequence[Split], job: Job) -> list[Sequence[Split]]:
        """The folds of each unit of work: one, or those of a worker or a GPU if fitted together."""
        if job.together and self._device != "cpu" and self.study.execution.executor == "local":
            return [splits]
        count = min(self.executor.workers, len(splits)) if job.together else len(splits)
        return [splits[at::count] for at in range(count)]

    def _fit_once(self, run: Run, job: Job, seeds: Sequence[int]) -> Mapping[int, Job]:
        """The job of each seed; that of a replay reads what was fitted once with that seed."""
        if not self.variant.once:
            return dict.fromkeys(seeds, job)
        self.study.progress.stage(f"{self.variant.name}: LEAKED stage on all clips", len(seeds))
        jobs, units, fresh = {}, [], self.study.execution.fresh
        for seed in seeds:
            keys = []
            for uid in job.sample.uids:
                keys.append(identity.hash_json(["once", run.path.name, seed, uid]))
            jobs[seed] = replace(job, clips=write_clip_list(run.path, job.sample, keys))
            units.append(functools.partial(do_once, job, jobs[seed], seed, fresh=fresh))
        for _ in self.executor.run(units):
            self.study.progress.step()
        return jobs

    def _make_job(self, run: Run) -> Job:
        """Compute the features, and put together what a worker needs."""
        registry, task = self.study.plugins.registry, self.task
        pipeline = build_pipeline(registry, self.variant.recipe)
        keys, spent, read = list[str](), (0.0, 0.0), list[str]()
        if pipeline.prefix:
            keys_of = PrefixKeys.of(registry, self.variant.recipe, pipeline)
            keys = list(map(keys_of.clip, task.clips))
            spent, read = self._compute_features(keys), list_prefix_reads(pipeline, task.clips[0])
        seconds, cpu = spent
        run.note_prefix(seconds, read, self._find_feature_faults(keys), cpu)
        needs = pipeline.needs | move_frontier(pipeline, self.variant.once).needs
        return Job(
            recipe=self.variant.recipe,
            files=self.study.plugins.files,
            cache=self.study.execution.cache_folder,
            device=self.study.execution.device,
            run=run.path,
            clips=write_clip_list(run.path, task.sample, keys),
            footage=tuple(clip.footage for clip in task.clips) if "footage" in needs else (),
            together=self.study.execution.together
            and not self.variant.once
            and can_fit_folds_together(pipeline, self._device),
        )

    def _find_feature_faults(self, keys: Sequence[str]) -> list[str]:
        """What is wrong with the features of all clips; raises `ComponentError` if all are 0."""
        cache, clips = Cache(self.study.execution.cache_folder), []
        for key in keys[:: -(-len(keys) // feature_checks.LOOKED_AT) or 1]:
            stored = cache.get(key)
            if stored is None:  # a worker reports it
                return []
            clips.append(unpack_clip_state(stored, None).streams)
        try:
            return feature_checks.describe_faults(clips)
        except ComponentError as error:
            raise ComponentError(f"{self.variant.name}: {error}") from error

    def _open_run(self) -> Run:
        registry = self.study.plugins.registry
        named = identity_of(registry, self.task, self.variant)
        about = identity.collect_provenance(self.study.execution.device) | {
            "synthetic": self.task.synthetic,
            "folders": self.study.absolute_folders,
            "origins": origins_of(registry, self.variant.recipe, named),
            "together": self.study.execution.together,
            "published": self.task.published,
            "variant": self.variant.to_json(),
            "seen_before": seen_before(
                registry, self.variant.recipe, self.task.identity["datasets"]
            ),
            "preset": describe_preset(registry, self.variant),
            "from_scratch": find_random_backbones(registry, self.variant.recipe),
        }
        folder = self.study.execution.runs_folder
        run = Run.open(folder, self.variant.name, named, about, facts_of(self.task))
        if self.study.execution.fresh:
            run.clear(self.study.study.seeds or SEEDS)
        return run

    def _compute_features(self, keys: Sequence[str]) -> tuple[float, float]:
        """Compute what is not in the cache; clips that fail are reported together at the end.

        Gives the seconds that passed and those of CPU time, summed over clips. With `fresh`, what
        this command has not computed itself does not count as being there.
        """
        clips, renewed = self.task.clips, self.study.renewed
        self.study.progress.stage(f"{self.variant.name}: features", len(clips))
        execution = self.study.execution
        prepare = functools.partial(
            _try_prepare_clip,
            self.variant.recipe,
            self.study.plugins.files,
            execution.cache_folder,
        )
        units = []
        for clip, key in zip(clips, keys, strict=True):
            fresh = execution.fresh and key not in renewed
            units.append(functools.partial(prepare, clip, fresh=fresh))
        renewed.update(keys)
        failed: dict[str, MertkError] = {}
        shared = [self.study.spent.pop(key, (0.0, 0.0)) for key in keys]
        seconds, cpu = (sum(times) for times in zip(*shared, strict=True))
        for uid, found in self.executor.run(units):
            self.study.progress.step(uid)
            if isinstance(found, MertkError):
                failed[uid] = found
            else:
                seconds, cpu = seconds + found[0], cpu + found[1]
        if failed:
            raise _describe_failed_clips(failed, len(clips))
        return seconds, cpu


def _describe_failed_clips(failed: Mapping[str, MertkError], count: int) -> MertkError:
    """One error for all clips that failed, with the option that leaves lost clips out."""
    shown = "\n  ".join(sorted(map(str, failed.values()))[:10])
    more = f"\n  … and {len(failed) - 10} more" if len(failed) > 10 else ""
    what = f"{len(failed)} of {count_noun(count, 'clip')} failed"
    text = f"{what} (the others are cached):\n  {shown}{more}"
    if not all(isinstance(error, DataError) for error in failed.values()):
        return ComponentError(text)
    names = ",".join(sorted(failed))
    if len(failed) == count:
        return DataError(text)
    return DataError(
        f"{text}\nTo run without them, and say so beside the scores: --exclude {names}"
    )


def _try_prepare_clip(
    recipe: Recipe, files: tuple[str, ...], cache: Path, clip: Clip, *, fresh: bool
) -> tuple[str, tuple[float, float] | MertkError]:
    """The id of a clip, and the time that it took or its error."""
    try:
        return clip.uid, prepare_clip(recipe, files, cache, clip, fresh=fresh)
    except (DataError, ComponentError) as error:
        return clip.uid, error
