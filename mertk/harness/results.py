"""Results of several runs on one protocol: scores, intervals and tests, from predictions."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk import stats
from mertk.errors import StorageError
from mertk.ledger import Run
from mertk.plugins import Plugins, load_plugins
from mertk.recipe import Recipe, Use

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from mertk.registry import Registry

PER_CLIP = frozenset({"accuracy", "WAR", "weighted F1"})
"""Scores that weigh clips, not classes: they mean something where a class has no clip."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run's predictions and what follows from them."""

    run: Run
    predictions: pd.DataFrame
    confusions: NDArray[np.int64]
    """Per seed and subject `[seeds, subjects, true, predicted]`, subjects sorted.

    Those of a multi-label run are `[seeds, subjects, classes, 2, 2]`.
    """
    subjects: tuple[str, ...]

    @property
    def name(self) -> str:
        """The model's name, with preset and swaps."""
        return self.run.name

    @property
    def is_floor(self) -> bool:
        """Whether the recipe looks at no pixels."""
        return not Recipe.from_json(self.run.identity["recipe"]).extractors

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Pooled over seeds, folds and subjects: `[true, predicted]` or `[classes, 2, 2]`."""
        return np.asarray(self.confusions.sum(axis=(0, 1)))

    @property
    def seconds(self) -> float:
        """Of all folds, added up."""
        return sum(fold.seconds.get("total", 0.0) for fold in self.run.folds())


class Results:
    """Runs of several models on the same clips: `table()`, `parts()`, `comparisons()`, `outcomes`.

    The first run that is no floor is compared with every other one.
    """

    def __init__(self, runs: Sequence[Run], plugins: Plugins | None = None) -> None:
        if not runs:
            raise StorageError("no run is given; give at least one run folder")
        _check_comparable(runs)
        registry = (plugins or load_plugins()).registry
        self.protocol = _protocol(registry, runs[0].identity["protocol"])
        rules = registry.build("protocol", self.protocol)
        self.score = rules.score
        self.tests_all = bool(getattr(rules, "tests_all", True))
        self.classes = runs[0].classes
        self.multilabel = runs[0].multilabel
        self.runs = list(runs)

    @classmethod
    def load(cls, *paths: Path | str, plugins: Plugins | None = None) -> Results:
        """Read run folders; a folder that holds several runs stands for all of them."""
        found: list[Run] = []
        for path in map(Path, paths):
            below = sorted(path.glob("*/run.json"))
            inside = [path] if (path / "run.json").exists() or not below else []
            found += [Run(folder) for folder in inside or [file.parent for file in below]]
        return cls(found, plugins)

    @functools.cached_property
    def outcomes(self) -> list[Outcome]:
        """One per run, in the order given."""
        return [_outcome(run) for run in self.runs]

    @property
    def datasets(self) -> list[str]:
        """The data sets that the clips are from, with their parameters."""
        return [str(Use.from_json(use)) for use in self.runs[0].identity["datasets"]]

    @property
    def synthetic(self) -> bool:
        """Whether the clips are made, not filmed."""
        return bool(self.runs[0].provenance.get("synthetic"))

    @property
    def published(self) -> Mapping[str, Any] | None:
        """How the clips compare with the published list, or None where there is none.

        `edition`, `clips` and `list` (a hash) name it, `differences` are lines, and `compared` is
        `list`, or `counts` where the list itself is not known.
        """
        found: Mapping[str, Any] | None = self.runs[0].provenance.get("published")
        return found

    @functools.cached_property
    def chance(self) -> Mapping[str, tuple[float, float]]:
        """95 % of what guessing by the training frequencies scores on these folds.

        Where clips are only trained on, which runs do not tell of, the frequencies are those of
        the other tested people.
        """
        first = self.outcomes[0].predictions
        one = first[first["seed"] == first["seed"].min()]
        truth, _ = _answers(self.runs[0], one)
        held_out = one["fold" if self.tests_all else "person"].to_numpy(str)
        return stats.chance(truth, held_out, len(self.classes), self.score)

    @property
    def main_score(self) -> str:
        """The protocol's first score, by which models are compared."""
        return next(iter(self.chance))

    def table(self) -> pd.DataFrame:
        """One row per run: each score with its 95 % interval, clips, folds, seeds, seconds."""
        import pandas as pd

        return pd.DataFrame([self._row(outcome) for outcome in self.outcomes])

    def parts(self) -> pd.DataFrame:
        """The scores of each database's clips, from the same predictions; one row per run and part.

        Where one database has parts to be tested apart, as an official split has, these are the
        parts. There is no row where all clips are of one part. A score over classes is NaN where a
        class has no clip in the part.
        """
        import pandas as pd

        rows = [
            {"model": outcome.name, "floor": outcome.is_floor, "part": part}
            | self._scores_of(outcome.confusions[:, chosen])
            | {
                "clips": int(outcome.confusions[0, chosen].sum()) // self._per_clip,
                "subjects": int(chosen.sum()),
            }
            for outcome in self.outcomes
            for part, chosen in self._parts(outcome).items()
        ]
        return pd.DataFrame(rows)

    @property
    def _per_clip(self) -> int:
        """How often a clip counts in confusion matrices: once a class if multi-label."""
        return len(self.classes) if self.multilabel else 1

    def _parts(self, outcome: Outcome) -> dict[str, NDArray[np.bool_]]:
        """Which of the subjects `[subjects]` belong to each part."""
        people = outcome.predictions.drop_duplicates("person").set_index("person")
        of = {person: person.partition("/")[0] for person in people.index}
        if len(set(of.values())) == 1 and not self.tests_all:
            of = people["fold"].to_dict()
        names = dict.fromkeys(of.values())
        if len(names) == 1:
            return {}
        belongs = np.asarray([of[person] for person in outcome.subjects])
        return {name: belongs == name for name in names}

    def _scores_of(self, confusions: NDArray[np.int64]) -> dict[str, Any]:
        """Scores and intervals; NaN for those over classes where a class has no clip."""
        scores = stats.pooled(confusions, self.score)
        intervals = stats.bootstrap(confusions, self.score)
        truth = confusions.sum(axis=(0, 1, -1))
        shown = truth[:, 1] if self.multilabel else truth
        row: dict[str, Any] = {}
        for name, value in scores.items():
            whole = bool(shown.all()) or name in PER_CLIP
            row[name] = value if whole else np.nan
            for end, bound in zip(("low", "high"), intervals[name], strict=True):
                row[f"{name}_{end}"] = bound if whole else np.nan
        return row

    def comparisons(self, score: str | None = None) -> dict[tuple[str, str], stats.Paired]:
        """The first model against each other run: a paired permutation test over subjects.

        `score` is one of the protocol's; default: its first.
        """
        models = [outcome for outcome in self.outcomes if not outcome.is_floor]
        if not models:
            return {}
        first = models[0]
        return {
            (first.name, other.name): stats.paired_permutation(
                first.confusions, other.confusions, self.score, score or self.main_score
            )
            for other in self.outcomes
            if other is not first
        }

    def _row(self, outcome: Outcome) -> dict[str, Any]:
        table = outcome.predictions
        return {
            "model": outcome.name,
            "floor": outcome.is_floor,
            **self._scores_of(outcome.confusions),
            "clips": table["uid"].nunique(),
            "subjects": len(outcome.subjects),
            "folds": table["fold"].nunique(),
            "seeds": table["seed"].nunique(),
            "seconds": outcome.seconds,
            "run": str(outcome.run.path),
        }


def _protocol(registry: Registry, stored: Mapping[str, Any]) -> Use:
    """The protocol of a run, with the parameters that differ from their defaults."""
    known = registry.get("protocol", stored["name"]).parameters()
    params = {n: v for n, v in stored["params"].items() if n not in known or known[n].default != v}
    return Use(stored["name"], **params)


def _outcome(run: Run) -> Outcome:
    table = run.predictions()
    subjects = tuple(sorted(table["person"].unique()))
    matrices = []
    for seed, part in table.groupby("seed"):
        if set(part["person"]) != set(subjects):
            raise StorageError(
                f"{run.path}: seed {seed} is not finished ({part['person'].nunique()} of "
                f"{len(subjects)} subjects); run the same bench again to go on"
            )
        truth, predicted = _answers(run, part)
        people = part["person"].to_numpy(str)
        matrices.append(stats.subject_confusions(truth, predicted, people, len(run.classes)))
    return Outcome(run, table, np.stack(matrices), subjects)


def _answers(run: Run, table: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Truth and prediction `[clips]`, or `[clips, classes]` of 0 and 1 of a multi-label run."""
    if not run.multilabel:
        return table["truth"].to_numpy(), table["predicted"].to_numpy()
    truth = table[[f"t_{name}" for name in run.classes]].to_numpy()
    probabilities = table[[f"p_{name}" for name in run.classes]].to_numpy()
    return truth, (probabilities >= 0.5).astype(np.int64)


def _check_comparable(runs: Sequence[Run]) -> None:
    for run in runs[1:]:
        for part in ("protocol", "clip_list", "classes"):
            if run.identity[part] != runs[0].identity[part]:
                raise StorageError(
                    f"{run.path} and {runs[0].path} differ in their {part.replace('_', ' ')}; "
                    "only runs on the same clips under the same protocol can be compared"
                )
