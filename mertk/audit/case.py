"""What is audited, as JSON, so that each probe can run in a fresh process of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mertk.core.interfaces import EvaluationProtocol
from mertk.core.options import takes_options
from mertk.core.recipe import Recipe, Use
from mertk.core.splits import Split
from mertk.experiment.changes import ChangeFor
from mertk.experiment.execution import Execution
from mertk.experiment.leaky_replay import move_frontier
from mertk.experiment.study import Study
from mertk.experiment.task import Task
from mertk.experiment.variants import change_variants, choose_variant
from mertk.pipeline.fold import ClipStates, LabelledClips, build_fold_pipelines
from mertk.pipeline.pipeline import Pipeline, build_pipeline
from mertk.plugins.loader import Plugins, load_plugins

_SMALL = {"subjects": 8, "clips": 6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A recipe on the clips and folds of a study, with a random seed.

    A `replay` of an order of work that leaks fits the stages at `once` before the folds.
    """

    name: str
    recipe: Mapping[str, Any]
    study: Mapping[str, Any]
    files: tuple[str, ...]
    seed: int = 0
    device: str = "cpu"
    replay: str = ""
    once: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Case:
        """The inverse of `asdict`."""
        known = {**data, "files": tuple(data["files"]), "once": tuple(data["once"])}
        return cls(**known)


@takes_options(Study)
def case_of(
    plugins: Plugins,
    model: str | Recipe,
    *,
    seed: int = 0,
    device: str = "cpu",
    quick: bool = False,
    **options: Any,
) -> Case:
    """A case from what a user names, as `mertk.bench` takes it.

    Args:
        plugins: what `load_plugins` gave.
        model: a name, a recipe file, or a recipe.
        seed: the random seed.
        device: where networks are trained.
        quick: take a small synthetic set where no data set is named. The preset `quick` is taken
            where the model has one and none is named.
        **options: the fields of `Study`.
    """
    study = Study(models=[model], **options)
    opened = study.open(Execution(device=device), plugins=plugins)
    if quick and not study.dataset and not study.protocol:
        opened.datasets = [opened.datasets[0].having(**_SMALL)]
    chosen = choose_variant(
        plugins.registry,
        model,
        1,
        preset=study.preset,
        synthetic=True,
        swaps=study.swaps,
        settings=study.sets,
    )
    alone = list(map(ChangeFor.parse, study.sets_for))
    (chosen,) = change_variants(plugins.registry, [chosen], alone=alone)
    if study.tunes:
        chosen = chosen.tuned(plugins.registry, opened.tuning)
    if study.replay:
        chosen = chosen.replayed(plugins.registry, study.replay)
    return Case(
        name=chosen.name,
        recipe=chosen.recipe.to_json(),
        study=opened.resolved().to_json(),
        files=plugins.files,
        seed=seed,
        device=device,
        replay=chosen.replay,
        once=chosen.once,
    )


class Opened:
    """A case with its plug-ins, clips, folds and protocol loaded."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.plugins: Plugins = load_plugins(case.files)
        self.recipe = Recipe.from_json(case.recipe)
        study = Study.from_json(case.study).open(plugins=self.plugins)
        self.folders = list(study.folders.values())
        self.protocol: Use = study.protocol
        self.rules: EvaluationProtocol = self.plugins.registry.build("protocol", self.protocol)
        self.task: Task = study.task

    def build_pipeline(self) -> Pipeline:
        """The recipe, built anew."""
        return build_pipeline(self.plugins.registry, self.recipe)

    def _build_fold_pipeline(self) -> Pipeline:
        """The recipe, built anew, as folds run it: a replay fits some of it before."""
        return move_frontier(self.build_pipeline(), self.case.once)

    def build_fold_pipelines(
        self, states: ClipStates, sample: LabelledClips, splits: Sequence[Split]
    ) -> Iterator[Pipeline]:
        """A pipeline for each fold; a stage is fitted for all folds at once where a run does so."""
        if self.case.once:
            return (self._build_fold_pipeline() for _ in splits)
        return build_fold_pipelines(
            self._build_fold_pipeline, states, sample, splits, self.case.seed
        )
