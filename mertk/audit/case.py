"""What is audited, as JSON, so that each probe can run in a fresh process of its own."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mertk.harness.line import Line, build_line
from mertk.harness.plan import (
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
from mertk.harness.replay import moved
from mertk.harness.together import fitted_lines
from mertk.plugins import Plugins, load_plugins
from mertk.reading import real_path
from mertk.recipe import Json, Recipe, Use

if TYPE_CHECKING:
    from mertk.components import EvaluationProtocol
    from mertk.harness.folds import Parcels, Sample
    from mertk.splits import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A recipe on the clips and folds of a protocol, with the seed of its chances.

    A `replay` of an order of work that leaks fits the places `once` before the folds.
    """

    name: str
    recipe: Mapping[str, Any]
    files: tuple[str, ...]
    datasets: tuple[Mapping[str, Any], ...]
    folders: Mapping[str, str]
    protocol: Mapping[str, Any]
    seed: int = 0
    device: str = "cpu"
    replay: str = ""
    once: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Case:
        """The inverse of `to_json`."""
        known: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        return cls(**known)


def case_of(
    plugins: Plugins,
    model: str | Recipe,
    *,
    dataset: str | Use | Sequence[str | Use] | None = None,
    data: Path | str | Mapping[str, Path | str] | None = None,
    protocol: str | Use | None = None,
    preset: str | None = None,
    swaps: Sequence[tuple[str, Sequence[Use]]] = (),
    sets: Sequence[tuple[str, Json]] = (),
    replay: str | None = None,
    seed: int = 0,
    quick: bool = False,
) -> Case:
    """A case from what a user names, as `mertk.bench` takes it.

    `quick` takes a small synthetic set where no data set is named. The preset `quick` is taken
    where the model has one and none is named.
    """
    registry = plugins.registry
    asked = as_use(protocol) if protocol else None
    uses = chosen_datasets(registry, dataset, asked, sets)
    if quick and not dataset and not asked:
        uses = [uses[0].having(**_SMALL)]
    name = "recipe"
    once: tuple[str, ...] = ()
    if isinstance(model, str):
        found = choose_model(registry, model, preset=preset, synthetic=True, swaps=swaps, sets=sets)
        if replay:
            found = replayed(registry, model, found, replay)
        name, model, once = found.name, found.recipe, found.once
    return Case(
        name=name,
        recipe=model.to_json(),
        files=plugins.files,
        datasets=tuple(use.to_json() for use in uses),
        folders={n: str(real_path(path)) for n, path in folders_of(uses, data).items()},
        protocol=(asked or default_protocol(registry, uses)).to_json(),
        seed=seed,
        replay=replay or "",
        once=once,
    )


_SMALL = {"subjects": 8, "clips": 6}


class Opened:
    """A case at work: plug-ins, clips, folds, and new lines of components."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.plugins: Plugins = load_plugins(case.files)
        self.recipe = Recipe.from_json(case.recipe)

    @functools.cached_property
    def task(self) -> Task:
        """The clips that count, with their labels and folds."""
        registry = self.plugins.registry
        uses = [Use.from_json(use) for use in self.case.datasets]
        folders = {name: Path(path) for name, path in self.case.folders.items()}
        clips = read_clips(registry, uses, folders)
        protocol = Use.from_json(self.case.protocol)
        return make_task(registry, protocol, uses, clips, allow_mismatch=True)

    @functools.cached_property
    def rules(self) -> EvaluationProtocol:
        """The protocol."""
        rules: EvaluationProtocol = self.plugins.registry.build(
            "protocol", Use.from_json(self.case.protocol)
        )
        return rules

    def line(self) -> Line:
        """The recipe, built anew."""
        return build_line(self.plugins.registry, self.recipe)

    def fold_line(self) -> Line:
        """The recipe, built anew, as folds run it: a replay fits some of it before."""
        return moved(self.line(), self.case.once)

    def fold_lines(
        self, parcels: Parcels, sample: Sample, splits: Sequence[Split]
    ) -> Iterator[Line]:
        """A line for each fold, what learns first fitted for all at once where a run does so."""
        if self.case.once:
            return (self.fold_line() for _ in splits)
        return fitted_lines(self.fold_line, parcels, sample, splits, self.case.seed)
