"""`bench`: several models on the same clips and folds, through the cache into the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mertk.core.notebook_progress import choose_progress
from mertk.core.options import split_options, takes_options
from mertk.core.progress import Progress
from mertk.core.recipe import Recipe
from mertk.evaluation import statistics
from mertk.evaluation.results import Results
from mertk.experiment.execution import Execution
from mertk.experiment.runner import SEEDS, Planned, Runner
from mertk.experiment.study import OpenStudy, Study
from mertk.plugins import hooks
from mertk.plugins.loader import Plugins


@takes_options(Study, Execution)
def bench(
    models: str | Recipe | Sequence[str | Recipe],
    *,
    plugins: Plugins | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Results:
    """Run models through the same leave-one-subject-out folds and keep every prediction.

    Finished folds below `out` are kept and not run again, unless `fresh`.

    Examples:
        >>> data = "synthetic:subjects=4,clips=3,amplitude=6"
        >>> results = mertk.bench(["flow_ridge", "hoof_ridge"], dataset=data, floors=False)
        >>> results.table()[["model", "clips", "subjects"]].to_dict("records")[0]
        {'model': 'flow_ridge', 'clips': 12, 'subjects': 4}

    Args:
        models: names (`"lbptop"`, `"cnn_lstm_se:paper"`), recipe files, or recipes; a
            single one needs no list.
        plugins: what `load_plugins` gave; default: the installed ones.
        progress: receives stages and steps. Default: a bar in a notebook, and nothing elsewhere.
        **options: the fields of `Study` and `Execution`.

    Returns:
        The results, with `table()` and `comparisons()`.

    Raises:
        MertkError: with one line on what was given, what is known and what to do.
    """
    what, how = split_options(options, Study, Execution)
    several = [models] if isinstance(models, str | Recipe) else models
    study = Study(models=several, **what)
    shown = progress or choose_progress()
    return run_study(study.open(Execution(**how), plugins=plugins, progress=shown))


def plan_study(study: OpenStudy) -> list[Planned]:
    """Compute the features and the first fold of every variant, and estimate the rest."""
    study.check_writable()
    with study.executor() as executor:
        return [Runner(study, variant, executor).plan() for variant in study.variants]


def run_study(study: OpenStudy) -> Results:
    """Run all variants of a study; finished folds are kept."""
    plugins, runs = study.plugins, []
    study.check_writable()
    seeds = study.study.seeds or SEEDS[:1]
    for variant in study.variants:
        study.outlook.expect_folds(variant, len(study.task.splits) * len(seeds))
    with study.executor() as executor:
        for variant in study.variants[1:]:
            Runner(study, variant, executor).try_first_clip()
        for variant in study.variants:
            runner = Runner(study, variant, executor)
            runs.append(runner.run())
            if study.study.oracle_gap and variant.recipe.extractors and not variant.replay:
                runner.evaluate_epochs(runs[-1])
    swept = {variant.name: dict(variant.swept) for variant in study.variants}
    results = Results(runs, plugins, swept=swept)
    for outcome in (*results.outcomes, *results.leaked):
        scores = statistics.compute_pooled_scores(outcome.confusions, results.score)
        hooks.tell_observers(
            plugins.manager,
            "mertk_run_done",
            run=outcome.run.identity,
            scores=scores,
            name=outcome.run.name,
            folder=outcome.run.path,
        )
    return results
