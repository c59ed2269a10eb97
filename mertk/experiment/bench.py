"""`bench`: several models on the same clips and folds, through the cache into the ledger."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from mertk.core.errors import MertkError
from mertk.core.interfaces import Executor
from mertk.core.notebook_progress import choose_progress
from mertk.core.options import split_options, takes_options
from mertk.core.progress import Progress
from mertk.core.recipe import Recipe
from mertk.evaluation import statistics
from mertk.evaluation.results import Results
from mertk.experiment.execution import Execution
from mertk.experiment.open_study import OpenStudy
from mertk.experiment.runner import SEEDS, Planned, Runner
from mertk.experiment.shared_features import compute_shared_features
from mertk.experiment.study import Study
from mertk.experiment.study_files import check_study_file, write_study
from mertk.plugins import hooks
from mertk.plugins.loader import Plugins
from mertk.storage.ledger import Run


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


def plan_study(study: OpenStudy, failed: dict[str, str] | None = None) -> list[Planned]:
    """Compute the features and the first fold of every variant, and estimate the rest.

    `failed` is as `run_study` has it.
    """
    study.check_writable()
    found = []
    with study.executor() as executor:
        if failed is None:
            _share_features(study, executor)
        for variant in study.variants:
            with _note_failure(variant.name, failed):
                found.append(Runner(study, variant, executor).plan())
    return found


def run_study(study: OpenStudy, failed: dict[str, str] | None = None) -> Results:
    """Run all variants of a study, whose finished folds are kept, and write the study there.

    With `failed`, the error of a model is noted there by its name, and the others run.
    """
    plugins, runs, folder = study.plugins, list[Run](), study.execution.runs_folder
    study.check_writable()
    check_study_file(folder)
    seeds = study.study.seeds or SEEDS[:1]
    with study.executor() as executor:
        for variant in study.variants:
            study.outlook.expect_folds(variant, len(study.task.splits) * len(seeds))
        if failed is None:
            _share_features(study, executor)
        for variant in study.variants:
            with _note_failure(variant.name, failed):
                runner = Runner(study, variant, executor)
                runs.append(runner.run())
                if study.study.oracle_gap and variant.recipe.extractors and not variant.replay:
                    runner.evaluate_epochs(runs[-1])
    write_study(study, folder)
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


def _share_features(study: OpenStudy, executor: Executor) -> None:
    """Try every model but the first on one clip, then compute the features of all together."""
    for variant in study.variants[1:]:
        Runner(study, variant, executor).try_first_clip()
    if len(study.variants) > 1:
        waiting = [v for v in study.variants if Runner(study, v, executor).has_folds_to_run()]
        compute_shared_features(study, waiting, executor)


@contextlib.contextmanager
def _note_failure(name: str, failed: dict[str, str] | None) -> Iterator[None]:
    """Note the error of a model where errors are noted; else it is raised."""
    try:
        yield
    except MertkError as error:
        if failed is None:
            raise
        failed[name] = str(error)
