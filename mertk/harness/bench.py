"""`bench`: several models on the same clips and folds, through the cache into the ledger."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mertk import identity, stats
from mertk.cache import Cache
from mertk.errors import ComponentError, DataError, MertkError
from mertk.harness.line import build_line
from mertk.harness.plan import (
    FLOORS,
    Model,
    Task,
    as_use,
    choose_model,
    chosen_datasets,
    default_protocol,
    folders_of,
    make_task,
    read_clips,
)
from mertk.harness.prefix import PrefixKeys
from mertk.harness.progress import Progress, Silent
from mertk.harness.results import Results
from mertk.harness.work import Job, do_fold, in_order, prepare_clip
from mertk.ledger import Run
from mertk.plugins import Plugins, load_plugins
from mertk.recipe import Json, Recipe, Use

if TYPE_CHECKING:
    from mertk.clips import Clip
    from mertk.splits import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run; none of it changes a number, but for `device` in the last digits."""

    jobs: int
    device: str
    out: Path
    cache: Path
    fresh: bool
    folders: Mapping[str, str]


def bench(
    models: Sequence[str | Recipe],
    *,
    dataset: str | Use | Sequence[str | Use] | None = None,
    data: Path | str | Mapping[str, Path | str] | None = None,
    protocol: str | Use | None = None,
    preset: str | None = None,
    floors: bool = True,
    seeds: Sequence[int] = (0,),
    swaps: Sequence[tuple[str, Sequence[Use]]] = (),
    sets: Sequence[tuple[str, Json]] = (),
    jobs: int | None = None,
    device: str = "cpu",
    out: Path | str = "runs",
    cache: Path | str | None = None,
    fresh: bool = False,
    allow_mismatch: bool = False,
    plugins: Plugins | None = None,
    progress: Progress | None = None,
) -> Results:
    """Run models through the same leave-one-subject-out folds and keep every prediction.

    Finished folds below `out` are kept and not run again, unless `fresh`.

    Args:
        models: names (`"lbptop"`, `"cnn_lstm_se:paper"`), recipe files, or recipes.
        dataset: one data set or several, as `"casme2"`, `"synthetic:amplitude=6"` or `Use`;
            default: those of the protocol, or the synthetic one.
        data: where the data lie: a folder, or data set name → folder; default: where
            `mertk data add` has been told.
        protocol: how to label, split and score; default: the data set's usual one.
        preset: of every model that is named without one; default: `quick` on synthetic data
            where there is one, else the model's default.
        floors: also run the floors `majority` and `prior`.
        seeds: one repetition each.
        swaps: (slot, components) to exchange in the first model.
        sets: (slot.parameter, value) to set in the first model, or `dataset.parameter`.
        jobs: worker processes; default: one per CPU core.
        device: `cpu`, `cuda` or `auto`, for networks.
        out: the folder that holds the run folders.
        cache: the folder of cached features; default: the user's cache folder.
        fresh: forget finished folds of these runs first.
        allow_mismatch: run also where the clips are not those that the protocol is published with.
        plugins: what `load_plugins` gave; default: the installed ones.
        progress: told of stages and steps.

    Returns:
        The results, with `table()` and `comparisons()`.

    Raises:
        MertkError: with one line on what was given, what is known and what to do.
    """
    plugins = plugins or load_plugins()
    watch = progress or Silent()
    asked = as_use(protocol) if protocol else None
    uses = chosen_datasets(plugins.registry, dataset, asked, sets)
    watch.stage("reading the clip list", 0)
    folders = folders_of(uses, data)
    clips = read_clips(plugins.registry, uses, folders)
    rules = asked or default_protocol(plugins.registry, uses)
    task = make_task(plugins.registry, rules, uses, clips, allow_mismatch=allow_mismatch)
    chosen = _choose(plugins, models, task, preset=preset, swaps=swaps, sets=sets)
    chosen += [Model(n, plugins.registry.recipe(n)) for n in FLOORS if floors and n not in
               [model.name for model in chosen]]  # fmt: skip
    options = Options(
        jobs=jobs or os.cpu_count() or 1,
        device=device,
        out=Path(out).resolve(),  # a worker process may stand in another folder
        cache=Cache(Path(cache) if cache else None).root.resolve(),
        fresh=fresh,
        folders={name: str(path.resolve()) for name, path in folders.items()},
    )
    for model in chosen:  # every recipe is built once before any folder is made
        build_line(plugins.registry, model.recipe)
    work = _Bench(plugins, task, tuple(seeds), options, watch)
    results = Results([work.run(model) for model in chosen], plugins)
    for outcome in results.outcomes:
        scores = stats.pooled(outcome.confusions, results.score)
        plugins.manager.hook.mertk_run_done(run=outcome.run.identity, scores=scores)
    return results


@dataclass(frozen=True, slots=True, eq=False)
class _Bench:
    """One call of `bench` at work."""

    plugins: Plugins
    task: Task
    seeds: tuple[int, ...]
    options: Options
    watch: Progress

    def run(self, model: Model) -> Run:
        """The model's run, with every fold of every seed in it."""
        registry, task = self.plugins.registry, self.task
        run = self._open(model)
        if self.options.fresh:
            run.clear(self.seeds)
        missing = [(s, n) for n in self.seeds for s in task.splits if not run.has(n, s.name)]
        if not missing:
            return run
        line = build_line(registry, model.recipe)
        keys: tuple[str, ...] = ()
        if line.prefix:
            run.note_prefix(self._prefix(model))
            names = PrefixKeys.of(registry, model.recipe, line)
            keys = tuple(names.clip(clip.fingerprint) for clip in task.clips)
        job = Job(
            recipe=model.recipe,
            files=self.plugins.files,
            cache=self.options.cache,
            device=self.options.device,
            run=run.path,
            sample=task.sample,
            keys=keys,
            footage=tuple(c.footage for c in task.clips) if "footage" in line.needs else (),
        )
        self._folds(model.name, run, job, missing)
        return run

    def _open(self, model: Model) -> Run:
        registry = self.plugins.registry
        named = {
            "recipe": model.recipe.to_json(),
            "components": identity.recipe_identity(registry, model.recipe),
            **self.task.identity,
        }
        about = identity.provenance(self.options.device) | {
            "synthetic": self.task.synthetic,
            "folders": self.options.folders,
            "published": self.task.published,
        }
        return Run.open(self.options.out, model.name, named, about)

    def _prefix(self, model: Model) -> float:
        """Compute what is not in the cache; clips that fail are reported together at the end."""
        clips = self.task.clips
        self.watch.stage(f"{model.name}: features", len(clips))
        todo = functools.partial(prepare_clip, model.recipe, self.plugins.files, self.options.cache)
        units = [functools.partial(_try, todo, clip) for clip in clips]
        failed: list[MertkError] = []
        spent = 0.0
        for uid, found in in_order(units, self.options.jobs):
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

    def _folds(self, name: str, run: Run, job: Job, missing: Sequence[tuple[Split, int]]) -> None:
        self.watch.stage(f"{name}: folds", len(missing))
        units = [functools.partial(do_fold, job, split, seed) for split, seed in missing]
        for fold in in_order(units, min(self.options.jobs, len(missing))):
            self.plugins.manager.hook.mertk_fold_done(run=run.identity, fold=asdict(fold))
            self.watch.step(fold.name)


def _try(unit: Callable[[Clip], float], clip: Clip) -> tuple[str, float | MertkError]:
    """A clip's id, and its seconds or what is wrong with it."""
    try:
        return clip.uid, unit(clip)
    except (DataError, ComponentError) as error:
        return clip.uid, error


def _choose(
    plugins: Plugins,
    models: Sequence[str | Recipe],
    task: Task,
    *,
    preset: str | None,
    swaps: Sequence[tuple[str, Sequence[Use]]],
    sets: Sequence[tuple[str, Json]],
) -> list[Model]:
    chosen = []
    for at, model in enumerate(models):
        if isinstance(model, Recipe):
            chosen.append(Model(f"recipe{at + 1}", model))
            continue
        found = choose_model(
            plugins.registry,
            model,
            preset=preset if at == 0 else None,
            synthetic=task.synthetic,
            swaps=swaps if at == 0 else (),
            sets=[(path, v) for path, v in sets if not path.startswith("dataset.")]
            if at == 0
            else (),
        )
        chosen.append(found)
    return list(dict.fromkeys(chosen))
