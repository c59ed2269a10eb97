"""`bench`: several models on the same clips and folds, through the cache into the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mertk import hooks, stats
from mertk.cache import Cache
from mertk.errors import ParameterError
from mertk.files import check_writable
from mertk.harness import executors
from mertk.harness.apexes import spot
from mertk.harness.keyframes import jittered, spotted, without
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
    replayed,
)
from mertk.harness.progress import Progress, Silent
from mertk.harness.replay import moved
from mertk.harness.results import Results
from mertk.harness.runner import Options, Runner
from mertk.harness.sweeps import Sweep, Variants
from mertk.ledger import Run
from mertk.plugins import Plugins, load_plugins
from mertk.reading import real_path
from mertk.recipe import Json, Recipe, Use


def bench(
    models: Sequence[str | Recipe],
    *,
    dataset: str | Use | Sequence[str | Use] | None = None,
    data: Path | str | Mapping[str, Path | str] | None = None,
    protocol: str | Use | None = None,
    preset: str | None = None,
    floors: bool = True,
    seeds: Sequence[int] | None = None,
    swaps: Sequence[tuple[str, Sequence[Use]]] = (),
    sets: Sequence[tuple[str, Json]] = (),
    sweeps: Sequence[str] = (),
    replay: str | None = None,
    oracle_gap: bool = False,
    keyframes: Literal["given", "estimated", "none"] = "given",
    jitter: Sequence[int] = (),
    jobs: int | None = None,
    executor: str = "local",
    device: str = "cpu",
    together: bool = True,
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
        seeds: one repetition each; default: 0, and 0 … 4 for a model some `fit` of which takes
            chances, but for the preset `quick`.
        swaps: (slot, components) to exchange in the first model.
        sets: (slot.parameter, value) to set in the first model, or `dataset.parameter`.
        sweeps: variants of the first model in its stead, as `"extractor.patches=1,4,9"` (sets) or
            `"fusion.2=lstm_se,lstm_concat"` (exchanges); several give all combinations.
        replay: also run the first model in this order of work of its authors, which leaks: the run
            is stamped, and kept apart from the others.
        oracle_gap: fit again and look at every epoch of the models' networks, to tell what choosing
            the epoch on inner subjects would give, and what on the test subject.
        keyframes: `none` takes the annotated onset, apex and offset away from every model;
            `estimated` gives them an apex that was found in the pixels instead.
        jitter: also run the first model with onset and apex wrong by so many frames.
        jobs: worker processes; default: one per CPU core.
        executor: who does the work: `local` processes, those of `dask` on this machine, or the
            workers of your own cluster, `dask://HOST:PORT` (however many they are).
        device: `cpu`, `cuda` or `auto`, for networks.
        together: fit a component that offers it for several folds at once (`FitsFolds`), which is
            faster, and gives what one fold after the other gives, within float error.
        out: the folder that holds the run folders.
        cache: the folder of cached features; default: the user's cache folder.
        fresh: forget finished folds of these runs first, and compute their features again.
        allow_mismatch: run also where the clips are not those that the protocol is published with.
        plugins: what `load_plugins` gave; default: the installed ones.
        progress: told of stages and steps.

    Returns:
        The results, with `table()` and `comparisons()`.

    Raises:
        MertkError: with one line on what was given, what is known and what to do.
    """
    request = gather(
        models,
        dataset=dataset,
        data=data,
        protocol=protocol,
        preset=preset,
        floors=floors,
        seeds=seeds,
        swaps=swaps,
        sets=sets,
        sweeps=sweeps,
        replay=replay,
        oracle_gap=oracle_gap,
        keyframes=keyframes,
        jitter=jitter,
        jobs=jobs,
        executor=executor,
        device=device,
        together=together,
        out=out,
        cache=cache,
        fresh=fresh,
        allow_mismatch=allow_mismatch,
        plugins=plugins,
        progress=progress,
    )
    return run(request, progress)


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What a call of `bench` asks for, once all of it is known to exist; no model has run yet."""

    plugins: Plugins
    task: Task
    models: Sequence[Model]
    options: Options
    opened: executors.Open
    swept: Mapping[str, Mapping[str, str]]
    oracle_gap: bool = False


def gather(
    models: Sequence[str | Recipe],
    *,
    dataset: str | Use | Sequence[str | Use] | None = None,
    data: Path | str | Mapping[str, Path | str] | None = None,
    protocol: str | Use | None = None,
    preset: str | None = None,
    floors: bool = True,
    seeds: Sequence[int] | None = None,
    swaps: Sequence[tuple[str, Sequence[Use]]] = (),
    sets: Sequence[tuple[str, Json]] = (),
    sweeps: Sequence[str] = (),
    replay: str | None = None,
    oracle_gap: bool = False,
    keyframes: Literal["given", "estimated", "none"] = "given",
    jitter: Sequence[int] = (),
    jobs: int | None = None,
    executor: str = "local",
    device: str = "cpu",
    together: bool = True,
    out: Path | str = "runs",
    cache: Path | str | None = None,
    fresh: bool = False,
    allow_mismatch: bool = False,
    plugins: Plugins | None = None,
    progress: Progress | None = None,
) -> Request:
    """Find what `bench` would run with the same arguments, and raise where it would at once.

    No model runs; `keyframes="estimated"` looks for the apexes already.
    """
    plugins = plugins or load_plugins()
    watch = progress or Silent()
    features = Cache(Path(cache) if cache else None)
    features.check_writable()
    root = real_path(features.root)
    count = jobs or executors.cores()
    opened = executors.chosen(executor, count, plugins.files)
    asked = as_use(protocol) if protocol else None
    uses = chosen_datasets(plugins.registry, dataset, asked, sets)
    watch.stage("reading the clip list", 0)
    folders = folders_of(uses, data)
    clips = read_clips(plugins.registry, uses, folders)
    rules = asked or default_protocol(plugins.registry, uses)
    task = make_task(plugins.registry, rules, uses, clips, allow_mismatch=allow_mismatch)
    chosen = _choose(plugins, models, task, preset=preset, swaps=swaps, sets=sets)
    if keyframes != "given":
        none, local = keyframes == "none", executors.Local(count, plugins.files)
        task = without(task) if none else spotted(task, spot(task, root, local, watch, fresh=fresh))
        chosen = [replace(model, name=f"{model.name}+keyframes={keyframes}") for model in chosen]
    if replay:
        chosen.insert(1, _replayed(plugins, models[0], chosen[0], replay))
    variants = Variants.of(chosen[0], [Sweep.parse(text) for text in sweeps]).jittered(jitter)
    chosen[:1] = variants.models
    chosen += [Model(n, plugins.registry.recipe(n)) for n in FLOORS if floors and n not in
               [model.name for model in chosen]]  # fmt: skip
    options = Options(
        jobs=count,
        device=device,
        out=real_path(out),  # a worker process may stand in another folder
        cache=root,
        fresh=fresh,
        folders={name: str(real_path(path)) for name, path in folders.items()},
        seeds=tuple(seeds) if seeds else None,
        together=together,
    )
    for model in chosen:  # every recipe is built once before any folder is made
        moved(build_line(plugins.registry, model.recipe), model.once)
    return Request(plugins, task, chosen, options, opened, variants.values, oracle_gap)


def run(request: Request, progress: Progress | None = None) -> Results:
    """Run what was asked for, or what of it is not finished yet."""
    plugins, options = request.plugins, request.options
    check_writable(options.out)
    runs: list[Run] = []
    renewed: set[str] = set()
    with request.opened([options.out, options.cache]) as workers:
        for model in request.models:
            task = jittered(request.task, model.jitter)
            runner = Runner(plugins, task, options, workers, progress or Silent(), renewed)
            runs.append(runner.run(model))
            if request.oracle_gap and model.recipe.extractors and not model.replay:
                runner.look(model, runs[-1])
    results = Results(runs, plugins, swept=request.swept)
    for outcome in (*results.outcomes, *results.leaked):
        scores = stats.pooled(outcome.confusions, results.score)
        hooks.tell(
            plugins.manager, "mertk_run_done", run=outcome.run.identity, scores=scores,
            name=outcome.run.name, folder=outcome.run.path,
        )  # fmt: skip
    return results


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
            sets=sets if at == 0 else (),
        )
        chosen.append(found)
    return list(dict.fromkeys(chosen))


def _replayed(plugins: Plugins, given: str | Recipe, model: Model, replay: str) -> Model:
    if isinstance(given, Recipe):
        raise ParameterError(f"replay '{replay}': only models that are named have replays")
    return replayed(plugins.registry, given, model, replay)
