"""What a search for parameters costs, told before it begins, and the search with a limit."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mertk.core.errors import ParameterError
from mertk.core.options import split_options, takes_options
from mertk.core.printing import format_duration
from mertk.core.progress import Progress
from mertk.core.recipe import Json, Recipe
from mertk.evaluation.results import Results
from mertk.experiment.bench import run_study
from mertk.experiment.execution import Execution
from mertk.experiment.open_study import OpenStudy
from mertk.experiment.runner import Runner
from mertk.experiment.study import Study
from mertk.plugins.loader import Plugins

MINUTES = 30.0  # the limit that a search may take without being confirmed
COLD = 10.0  # seconds below which a first fold is not timed alone


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningCost:
    """The fits of a search that are not done yet, and their expected time.

    Args:
        combinations: the number of combinations of parameters that each fold tries.
        inner_folds: the number of fits of each combination in a fold.
        folds: the number of folds that are not done, over all seeds.
        plain: the number of folds left of the model as it is.
        fit_seconds: the time of one of the first folds of the model as it is.
        workers: the number of workers.
    """

    combinations: int
    inner_folds: int
    folds: int
    plain: int
    fit_seconds: float
    workers: int

    @property
    def fits(self) -> int:
        """All fits that are left."""
        return self.folds * (self.combinations * self.inner_folds + 1) + self.plain

    @property
    def seconds(self) -> float:
        """The time that all fits are expected to take."""
        return self.fits * self.fit_seconds / max(1, min(self.workers, self.folds + self.plain))

    def __str__(self) -> str:
        return (
            f"{self.fits:,} fits: {self.folds} folds, each with {self.combinations} combinations "
            f"in {self.inner_folds} inner folds and one fit of the best, and {self.plain} folds of "
            f"the model as it is. A fit takes about {format_duration(self.fit_seconds)}: "
            f"{format_duration(self.seconds)} on {self.workers} workers"
        )

    def check_limit(self, minutes: float) -> None:
        """Raise `ParameterError` where the time is above a limit."""
        if self.seconds > 60 * minutes:
            raise ParameterError(
                f"{self}. That is above the limit of {minutes:g} min; give --yes (in Python "
                "limit=math.inf), another limit, fewer values, fewer inner folds, or trials"
            )


def estimate_cost(study: OpenStudy) -> TuningCost:
    """Compute features and the first one or two folds of the model as it is, and count the rest.

    What is computed is kept.
    """
    study.check_writable()
    tuned, plain = study.variants[:2]
    with study.executor() as executor:
        planned = Runner(study, plain, executor).plan()
        if planned.left and planned.latest_seconds < COLD:  # most of it may be imports
            planned = Runner(study, plain, executor).plan()
        seeds = planned.folds // len(study.task.splits)
        left = Runner(study, tuned, executor).count_missing_folds(seeds)
    people = len(set(study.task.sample.people.tolist())) - 1
    return TuningCost(
        combinations=study.tuning.count,
        inner_folds=max(1, min(study.tuning.folds, people)),
        folds=left,
        plain=planned.left,
        fit_seconds=planned.latest_seconds,
        workers=planned.workers,
    )


@takes_options(Study, Execution)
def tune(
    model: str | Recipe,
    space: Mapping[str, Sequence[Json]] | Sequence[str],
    *,
    limit: float = MINUTES,
    plugins: Plugins | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Results:
    """Choose parameters of a model inside each fold, and compare it with the model as it is.

    In each fold, the combination with the best UF1 on inner folds of the training people is chosen;
    the held-out people are scored with it. The ledger keeps every trial.

    Args:
        model: a name, a recipe file, or a recipe.
        space: by path the values to choose from, `{"classifier.C": [0.1, 1, 10]}`; or texts as
            on the command line, `["classifier.C=0.1,1,10"]`.
        limit: the minutes that the search may be expected to take; `math.inf`: any.
        plugins: what `load_plugins` gave; default: the installed ones.
        progress: receives stages and steps.
        **options: the fields of `Study` and `Execution`.

    Returns:
        The results of the tuned model, of the model as it is and of the floors.

    Raises:
        ParameterError: for a parameter that a fold cannot choose, and above the limit.
        MertkError: what `mertk.bench` raises.
    """
    what, how = split_options(options, Study, Execution)
    study = Study(models=[model], tunes=format_space(space), **what)
    opened = study.open(Execution(**how), plugins=plugins, progress=progress)
    if not math.isinf(limit):
        estimate_cost(opened).check_limit(limit)
    return run_study(opened)


def format_space(space: Mapping[str, Sequence[Json]] | Sequence[str]) -> list[str]:
    """The parameters as texts of the command line."""
    if not isinstance(space, Mapping):
        return [space] if isinstance(space, str) else list(space)
    found = []
    for path, values in space.items():
        if isinstance(values, str):
            raise ParameterError(f"{path}: give a list of values to choose from")
        found.append(f"{path}={','.join(map(json.dumps, values))}")
    return found
