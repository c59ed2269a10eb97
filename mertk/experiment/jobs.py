"""The units of work: one clip of the prefix pass, or one (model, seed, fold).

A unit carries names, never pixels; a worker builds the recipe itself, and reads the clip list from
the run's folder and memory-mapped features from the cache. Numbers do not depend on the number of
workers: one thread works on a unit, and random numbers are seeded by (seed, fold). Where folds are
fitted together, the last digits may depend on which ones are.
"""

import contextlib
import functools
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mertk.core.clips import Clip, Footage
from mertk.core.errors import StorageError
from mertk.core.recipe import Recipe
from mertk.core.splits import Split
from mertk.experiment.keyframes import RecordedStates
from mertk.experiment.leaky_replay import fit_once, move_frontier
from mertk.pipeline.features import PrefixKeys, pack_clip_state, run_prefix, unpack_clip_state
from mertk.pipeline.fold import LabelledClips, build_fold_pipelines, run_fold
from mertk.pipeline.pipeline import ClipState, Pipeline, build_pipeline
from mertk.plugins.loader import load_plugins
from mertk.storage.atomic_files import write_json
from mertk.storage.cache import Cache
from mertk.storage.identity import hash_json, recipe_identity
from mertk.storage.ledger import Fold, Run


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What a worker needs to run folds of one model.

    Args:
        recipe: the recipe that is built in each fold.
        files: plug-in files to load.
        cache: the folder of cached features.
        device: where networks are trained.
        run: the folder of the run.
        clips: the file of the clip list.
        footage: the footage of each clip, where a stage in the fold reads it.
        together: whether one call fits the first learning stage for all folds of a unit.
    """

    recipe: Recipe
    files: tuple[str, ...]
    cache: Path
    device: str
    run: Path
    clips: Path
    footage: tuple[Footage, ...] = ()
    together: bool = False

    @property
    def sample(self) -> LabelledClips:
        """The clips with their people and labels."""
        return read_clip_list(self.clips)[0]

    @property
    def keys(self) -> tuple[str, ...]:
        """The cache key of each clip; none where no pure step comes before the folds."""
        return read_clip_list(self.clips)[1]


def write_clip_list(run: Path, sample: LabelledClips, keys: Sequence[str]) -> Path:
    """Write the clips with their cache keys (one each, or none) into a run's folder."""
    data = {
        "uids": list(sample.uids),
        "people": sample.people.tolist(),
        "labels": sample.labels.tolist(),
        "classes": list(sample.classes),
        "keys": list(keys),
        "aus": [None if units is None else sorted(units) for units in sample.aus],
    }
    path = run / _name_clip_list(data)
    write_json(path, data)
    return path


@functools.lru_cache(maxsize=8)
def read_clip_list(path: Path) -> tuple[LabelledClips, tuple[str, ...]]:
    """The clips and their cache keys, read once a process."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if path.name != _name_clip_list(data):
            raise ValueError("it is damaged")  # noqa: TRY301
    except (OSError, ValueError) as error:
        raise StorageError(
            f"a worker cannot read {path} ({error}); it must reach the run's folder by this path"
        ) from error
    sample = LabelledClips(
        uids=data["uids"],
        people=np.asarray(data["people"]),
        labels=np.asarray(data["labels"], np.int64),
        classes=tuple(data["classes"]),
        aus=[None if units is None else frozenset(units) for units in data["aus"]],
    )
    return sample, tuple(data["keys"])


def _name_clip_list(data: object) -> str:
    return f"clips-{hash_json(data)[:12]}.json"


def prepare_clip(
    recipe: Recipe, files: tuple[str, ...], cache: Path, clip: Clip, *, fresh: bool = False
) -> tuple[float, float]:
    """A unit of the prefix pass: one clip, what `run_prefix` gives for it."""
    code = hash_json(recipe_identity(load_plugins(files).registry, recipe))
    pipeline, keys = _build_prefix(recipe, files, code)
    return run_prefix(pipeline, keys, Cache(cache), clip, fresh=fresh)


def do_folds(job: Job, splits: Sequence[Split], seed: int) -> list[Fold]:
    """A unit of the fold pass: folds of a seed, each saved to the ledger as soon as it is done."""
    run = Run(job.run)
    build = functools.partial(build_fold_pipeline, job, once_of(run))
    shared = RecordedStates(CachedClipStates(job), int(splits[0].train[0]))
    done = []
    with _use_one_thread(job.device):
        apart = (build() for _ in splits)
        together = build_fold_pipelines(build, shared, job.sample, splits, seed)
        for split, pipeline in zip(splits, together if job.together else apart, strict=True):
            states = RecordedStates(CachedClipStates(job), int(split.train[0]))
            fold = run_fold(pipeline, states, job.sample, split, seed)
            seen = sorted(shared.seen | states.seen)
            fold = replace(fold, keyframes=seen, memory=_measure_peak_memory())
            run.save(fold)
            done.append(fold)
    return done


def _measure_peak_memory() -> float:
    """The most that this process has held, in MB; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def do_once(job: Job, behind: Job, seed: int, *, fresh: bool = False) -> None:
    """A unit of a replay: what it fits once, and every clip behind it in the cache."""
    cache, once = Cache(job.cache), once_of(Run(job.run))
    if not fresh and all(cache.get(key) is not None for key in behind.keys):
        return
    with at_work(job) as pipeline:
        stages = fit_once(pipeline, once, CachedClipStates(job), job.sample, seed)
    needs = move_frontier(pipeline, once).needs
    for key, state in zip(behind.keys, list(stages.values())[-1], strict=True):
        cache.put(key, *pack_clip_state(state, needs))


def once_of(run: Run) -> tuple[str, ...]:
    """The stages that a run fits once, before its folds; none unless the run is a replay."""
    return tuple(run.replay["once"]) if run.replay else ()


@contextlib.contextmanager
def at_work(job: Job) -> Iterator[Pipeline]:
    """The job's pipeline, built anew, with one thread and the job's device."""
    with _use_one_thread(job.device):
        yield build_fold_pipeline(job)


@contextlib.contextmanager
def _use_one_thread(device: str) -> Iterator[None]:
    """With one thread, on a device."""
    from mertk.nn import training

    training.use_device(device)  # always: a process may have worked on another device before
    with _thread_pools(len(sys.modules)).limit(limits=1):
        yield


@functools.lru_cache(maxsize=1)
def _thread_pools(_modules: int) -> Any:
    """The thread pools of libraries; they are listed again when more modules are imported.

    Listing them takes milliseconds, which is longer than a small fold.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def build_fold_pipeline(job: Job, once: tuple[str, ...] = ()) -> Pipeline:
    """The job's pipeline, built anew, without what was fitted `once`."""
    return move_frontier(build_pipeline(load_plugins(job.files).registry, job.recipe), once)


@functools.lru_cache(maxsize=4)
def _build_prefix(
    recipe: Recipe, files: tuple[str, ...], _code: str
) -> tuple[Pipeline, PrefixKeys]:
    """The pipeline of a recipe and its keys, built once a process for the same code."""
    registry = load_plugins(files).registry
    pipeline = build_pipeline(registry, recipe)
    return pipeline, PrefixKeys.of(registry, recipe, pipeline)


class CachedClipStates:
    """The state of each clip, read from the cache on access."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __getitem__(self, at: int) -> ClipState:
        footage = self._job.footage[at] if self._job.footage else None
        if not self._job.keys:
            return ClipState(footage=footage)
        cache, key = self._job.cache, self._job.keys[at]
        return _read_clip_state(cache, key, footage, Cache(cache).get_writing_number(key))


@functools.lru_cache(maxsize=20_000)
def _read_clip_state(cache: Path, key: str, footage: Footage | None, _writing: int) -> ClipState:
    """What an entry holds, read once as long as it is not written again."""
    stored = Cache(cache).get(key)
    if stored is None:
        raise StorageError(
            f"cache entry {key} went missing in mid-run; run the same command again: finished "
            "folds are kept"
        )
    return unpack_clip_state(stored, footage)
