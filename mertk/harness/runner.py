"""One model's run: its prefix pass, its folds for every seed, and the passes that come after."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mertk import hooks, identity
from mertk.errors import ComponentError, DataError, MertkError
from mertk.harness import cliplist, oracle
from mertk.harness.counting import count_saved_folds
from mertk.harness.keyframes import of_prefix
from mertk.harness.line import PIPELINE_VERSION, build_line
from mertk.harness.prefix import PrefixKeys
from mertk.harness.replay import moved
from mertk.harness.together import offers
from mertk.harness.work import Job, do_folds, do_once, prepare_clip
from mertk.ledger import Run

if TYPE_CHECKING:
    from mertk.clips import Clip
    from mertk.harness.executors import Executor
    from mertk.harness.line import Line
    from mertk.harness.plan import Model, Task
    from mertk.harness.progress import Progress
    from mertk.plugins import Plugins
    from mertk.recipe import Recipe
    from mertk.registry import Registry
    from mertk.splits import Split

SEEDS = (0, 1, 2, 3, 4)
"""What a model is run with where nobody says otherwise and some `fit` of it takes chances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run; none of it changes a number, but for `device` in the last digits.

    Folds that are fitted `together` may differ in the last digits from those that are not, and by
    how many there are, and so by `jobs`.

    Without `seeds` it is seed 0, and all of `SEEDS` for a model that takes chances, unless it is
    in its preset `quick`.
    """

    jobs: int
    device: str
    out: Path
    cache: Path
    fresh: bool
    folders: Mapping[str, str]
    seeds: tuple[int, ...] | None = None
    together: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Runner:
    """Runs models on the clips and folds of one task."""

    plugins: Plugins
    task: Task
    options: Options
    workers: Executor
    watch: Progress
    renewed: set[str] = field(default_factory=set)
    """The cache keys of the clips that the runners of this command have gone through."""

    def run(self, model: Model) -> Run:
        """The model's run, with every fold of every seed in it."""
        run, given = self._open(model), self.options.seeds
        if self.options.fresh:
            run.clear(given or SEEDS)
        job = functools.cache(functools.partial(self._job, model, run))
        self._finish(model, run, given or SEEDS[:1], job)
        if given is None and not model.quick and run.draws:
            self._finish(model, run, SEEDS, job)
        return run

    def look(self, model: Model, run: Run) -> None:
        """Look at the epochs of every fold and seed of a finished run; a look can be finished."""
        job = functools.cache(functools.partial(self._job, model, run))
        seeds = sorted({fold.seed for fold in run.folds()})
        missing = [
            (split, seed)
            for seed in seeds
            for split in self.task.splits
            if oracle.read(run, seed, split.name) is None
        ]
        first = oracle.read(run, seeds[0], self.task.splits[0].name)
        if not missing or (first is not None and not first.test):
            return
        self.watch.stage(f"{model.name}: epochs", len(missing))
        units = [functools.partial(oracle.do_epochs, job(), split, seed) for split, seed in missing]
        if first is None:  # without epochs, one fold tells
            if not units.pop(0)():
                return
            self.watch.step()
        for _ in self.workers.run(units):
            self.watch.step()

    def _finish(self, model: Model, run: Run, seeds: Sequence[int], job: Callable[[], Job]) -> None:
        """Do the folds that are missing of these seeds."""
        run.note_seeds(seeds)
        missing = [(s, n) for n in seeds for s in self.task.splits if not run.has(n, s.name)]
        if not missing:
            if not run.knows_prefix:
                job()  # which notes it again
            return
        jobs = self._once(model, run, job(), sorted({seed for _, seed in missing}))
        self.watch.stage(f"{model.name}: folds", len(missing))
        units = [
            functools.partial(do_folds, one, group, seed)
            for seed, one in jobs.items()
            for group in self._groups([s for s, n in missing if n == seed], one)
        ]
        names = [(seed, split.name) for split, seed in missing]
        with count_saved_folds(run, names, self.watch) as count:
            for fold in chain.from_iterable(self.workers.run(units)):
                hooks.tell(
                    self.plugins.manager, "mertk_fold_done", run=run.identity, fold=asdict(fold),
                    name=run.name, folder=run.path,
                )  # fmt: skip
                count(fold.seed, fold.name)

    def _groups(self, splits: Sequence[Split], job: Job) -> list[Sequence[Split]]:
        return groups(splits, self.options.jobs) if job.together else [[split] for split in splits]

    def _once(self, model: Model, run: Run, job: Job, seeds: Sequence[int]) -> Mapping[int, Job]:
        """The job of each seed; that of a replay reads what was fitted once with that seed."""
        if not model.once:
            return dict.fromkeys(seeds, job)
        self.watch.stage(f"{model.name}: LEAKED stage on all clips", len(seeds))
        keys = {
            seed: tuple(
                identity.digest(["once", run.path.name, seed, uid]) for uid in job.sample.uids
            )
            for seed in seeds
        }
        jobs = {
            seed: replace(job, clips=cliplist.note(run.path, job.sample, keys[seed]))
            for seed in seeds
        }
        units = [
            functools.partial(do_once, job, jobs[seed], seed, fresh=self.options.fresh)
            for seed in seeds
        ]
        for _ in self.workers.run(units):
            self.watch.step()
        return jobs

    def _job(self, model: Model, run: Run) -> Job:
        """What a worker must know, after the prefix pass."""
        registry, task = self.plugins.registry, self.task
        line = build_line(registry, model.recipe)
        keys: tuple[str, ...] = ()
        spent, read = 0.0, list[str]()
        if line.prefix:
            names = PrefixKeys.of(registry, model.recipe, line)
            keys = tuple(names.clip(clip) for clip in task.clips)
            spent, read = self._prefix(model, keys), list(of_prefix(line, task.clips[0]))
        run.note_prefix(spent, read)
        needs = line.needs | moved(line, model.once).needs
        return Job(
            recipe=model.recipe,
            files=self.plugins.files,
            cache=self.options.cache,
            device=self.options.device,
            run=run.path,
            clips=cliplist.note(run.path, task.sample, keys),
            footage=tuple(c.footage for c in task.clips) if "footage" in needs else (),
            together=self.options.together and goes_together(line, model),
        )

    def _open(self, model: Model) -> Run:
        registry = self.plugins.registry
        named = identity_of(registry, self.task, model)
        about = identity.provenance(self.options.device) | {
            "synthetic": self.task.synthetic,
            "folders": self.options.folders,
            "origins": origins_of(registry, model.recipe, named),
            "together": self.options.together,
            "published": self.task.published,
            "seen_before": seen_before(registry, model.recipe, self.task.identity["datasets"]),
        }
        return Run.open(self.options.out, model.name, named, about, facts_of(self.task))

    def _prefix(self, model: Model, keys: Sequence[str]) -> float:
        """Compute what is not in the cache; clips that fail are reported together at the end.

        With `fresh`, what this command has not computed itself does not count as being there.
        """
        clips = self.task.clips
        self.watch.stage(f"{model.name}: features", len(clips))
        todo = functools.partial(prepare_clip, model.recipe, self.plugins.files, self.options.cache)
        old = [self.options.fresh and key not in self.renewed for key in keys]
        self.renewed.update(keys)
        units = [
            functools.partial(_try, functools.partial(todo, fresh=fresh), clip)
            for clip, fresh in zip(clips, old, strict=True)
        ]
        failed: list[MertkError] = []
        spent = 0.0
        for uid, found in self.workers.run(units):
            self.watch.step(uid)
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


def goes_together(line: Line, model: Model) -> bool:
    """Whether folds of a model are fitted at once: not behind what a replay fits before them."""
    return not model.once and offers(line)


def groups(splits: Sequence[Split], jobs: int) -> list[Sequence[Split]]:
    """The folds of a seed that go together in one unit of work: as many as can be."""
    count = min(jobs, len(splits))
    return [splits[at::count] for at in range(count)]


def _try(unit: Callable[[Clip], float], clip: Clip) -> tuple[str, float | MertkError]:
    """A clip's id, and its seconds or what is wrong with it."""
    try:
        return clip.uid, unit(clip)
    except (DataError, ComponentError) as error:
        return clip.uid, error


def identity_of(registry: Registry, task: Task, model: Model) -> dict[str, Any]:
    """What names a model's run in the ledger."""
    named = {
        "recipe": model.recipe.to_json(),
        "components": identity.recipe_identity(registry, model.recipe),
        "pipeline": PIPELINE_VERSION,
        **task.identity,
    }
    if model.replay:
        named["replay"] = {"name": model.replay, "once": list(model.once)}
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
            **_facts(clip),
        }
        for at, clip in enumerate(task.clips)
    }


def _facts(clip: Clip) -> dict[str, Any]:
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
