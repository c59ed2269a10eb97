"""Results of several runs on one protocol: scores, intervals and tests, from predictions."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk import stats
from mertk.errors import StorageError
from mertk.harness import epoch_choice
from mertk.harness.foldmeans import fold_means
from mertk.harness.labelmaps import LabelMap, Remapped, remapped
from mertk.ledger import Run
from mertk.offers import offered
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
    def seen_before(self) -> Mapping[str, Sequence[str]]:
        """By place the run's data sets that its frozen weights were trained on."""
        found: Mapping[str, Sequence[str]] = self.run.provenance.get("seen_before", {})
        return found

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

    The first run that is no floor is compared with every other one. `swept` are the values of a
    sweep by run and path; `label_maps` are those that `remapped()` scores the predictions under.
    """

    def __init__(
        self,
        runs: Sequence[Run],
        plugins: Plugins | None = None,
        *,
        swept: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        if not runs:
            raise StorageError("no run is given; give at least one run folder")
        _check_comparable(runs)
        registry = (plugins or load_plugins()).registry
        self.protocol = _protocol(registry, runs[0].identity["protocol"])
        rules = registry.build("protocol", self.protocol)
        self.score = rules.score
        self.tests_all = bool(offered("protocol", rules, "tests_all"))
        self.classes = runs[0].classes
        self.multilabel = runs[0].multilabel
        self.swept = swept or {}
        self.label_maps: Sequence[LabelMap] = ()
        self.runs = [run for run in runs if not run.replay]
        self._replays = [run for run in runs if run.replay]
        if not self.runs:
            raise StorageError(
                f"{runs[0].path} is a replay that leaks, and is only shown beside the strict run; "
                "give that as well"
            )

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
        """One per run, in the order given, without those that leak."""
        return [_outcome(run) for run in self.runs]

    @functools.cached_property
    def leaked(self) -> list[Outcome]:
        """The replays of an order of work that lets held-out clips in; never compared with."""
        return [_outcome(run) for run in self._replays]

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
        truth, _ = self.runs[0].answers(one)
        held_out = one["fold" if self.tests_all else "person"].to_numpy(str)
        return stats.chance(truth, held_out, len(self.classes), self.score)

    @property
    def main_score(self) -> str:
        """The protocol's first score, by which models are compared."""
        return next(iter(self.chance))

    def table(self) -> pd.DataFrame:
        """One row per run: each score with its 95 % interval, clips, folds, seeds, seconds."""
        import pandas as pd

        return pd.DataFrame(self._rows)

    @functools.cached_property
    def _rows(self) -> list[dict[str, Any]]:
        return [self._row(outcome) for outcome in self.outcomes]

    def sweep_table(self) -> pd.DataFrame:
        """As `table()`, a row for each variant of a sweep, with its values by path in front."""
        import pandas as pd

        rows = [
            {**self.swept[row["model"]], **row}
            for row in self._rows
            if self.swept.get(row["model"])
        ]
        return pd.DataFrame(rows)

    def epochs_table(self) -> pd.DataFrame:
        """What choosing the epoch gives, where it was looked at: a row a run and rule.

        `epoch` is the mean one, from 1. A run without epochs has one row, with NaN.
        """
        import pandas as pd

        return pd.DataFrame(self._epochs)

    @functools.cached_property
    def _epochs(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for outcome in self.outcomes:
            folds = sorted(outcome.predictions["fold"].unique())
            found = epoch_choice.gaps(outcome.run, folds)
            rows += [
                {"model": outcome.name, "rule": gap.rule, "epoch": gap.epoch,
                 **self._scores_of(gap.confusions)}
                for gap in found
            ]  # fmt: skip
            if not found and (outcome.run.path / "oracle").exists():
                rows.append({"model": outcome.name, "rule": "no epochs to choose from"})
        return rows

    def leaked_table(self) -> pd.DataFrame:
        """As `table()`, of the replays that leak; no row where none was run."""
        import pandas as pd

        return pd.DataFrame([self._row(outcome) for outcome in self.leaked])

    def remapped(self) -> list[Remapped]:
        """The same predictions under each of `label_maps`, and unchanged first; one a run and map.

        Empty without `label_maps`.
        """
        own = LabelMap({name: [name] for name in self.classes})
        maps = [own, *self.label_maps] if self.label_maps else []
        return [remapped(one, label_map) for one in self.outcomes for label_map in maps]

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

        `score` is one of the protocol's; default: its first. p is corrected over the models of the
        table, and over its floors, as two families.
        """
        models = [outcome for outcome in self.outcomes if not outcome.is_floor]
        if not models:
            return {}
        first = models[0]
        found: dict[tuple[str, str], stats.Paired] = {}
        for floor in (False, True):
            family = {
                (first.name, other.name): stats.paired_permutation(
                    first.confusions, other.confusions, self.score, score or self.main_score
                )
                for other in self.outcomes
                if other is not first and other.is_floor == floor
            }
            found |= stats.corrected(family)
        return found

    def _spread(self, confusions: NDArray[np.int64]) -> dict[str, float]:
        """The standard deviation of each score over seeds; NaN of a single one."""
        scores = self.score(confusions.sum(axis=1))
        many = len(confusions) > 1
        return {f"{n}_sd": float(np.std(v, ddof=1)) if many else np.nan for n, v in scores.items()}

    def fold_means(self) -> pd.DataFrame:
        """UF1, UAR and accuracy as means over folds, which no protocol asks for.

        A row a run and treatment of the classes that a fold lacks (`metrics.fold_means`), means
        over seeds. No row for multi-label runs.
        """
        import pandas as pd

        return pd.DataFrame(row for one in self.outcomes for row in fold_means(one))

    @functools.cached_property
    def tried(self) -> int:
        """How many recipes the folder of these runs holds for this protocol and clip list."""
        first, found = self.runs[0], set()
        for file in first.path.parent.glob("*/run.json"):
            with contextlib.suppress(StorageError):  # a run of another release does not count
                other = Run(file.parent).identity
                same = all(other[p] == first.identity[p] for p in ("protocol", "clip_list"))
                recipe = Recipe.from_json(other["recipe"])
                if same and recipe.extractors and "replay" not in other:
                    found.add(recipe)
        return len(found)

    def _row(self, outcome: Outcome) -> dict[str, Any]:
        table = outcome.predictions
        return {
            "model": outcome.name,
            "floor": outcome.is_floor,
            "seen_before": bool(outcome.seen_before),
            **self._scores_of(outcome.confusions),
            **self._spread(outcome.confusions),
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
        truth, predicted = run.answers(part)
        people = part["person"].to_numpy(str)
        matrices.append(stats.subject_confusions(truth, predicted, people, len(run.classes)))
    return Outcome(run, table, np.stack(matrices), subjects)


def _check_comparable(runs: Sequence[Run]) -> None:
    for run in runs[1:]:
        for part in ("protocol", "clip_list", "classes"):
            if run.identity[part] != runs[0].identity[part]:
                raise StorageError(
                    f"{run.path} and {runs[0].path} differ in their {part.replace('_', ' ')}; "
                    "only runs on the same clips under the same protocol can be compared"
                )
