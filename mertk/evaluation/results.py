"""Results of several runs on one protocol: scores, intervals and tests, from predictions.

Only whole runs are scored, unless partial ones are asked for: then all runs are scored on the clips
that each of them has predicted.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import StorageError
from mertk.core.offers import get_offer
from mertk.core.recipe import Recipe, Use
from mertk.evaluation import epoch_choice, statistics
from mertk.evaluation.fold_means import fold_means
from mertk.evaluation.label_maps import LabelMap, Remapped, remap_predictions
from mertk.evaluation.outcomes import Outcome, choose_scored, outcome_of, scope_of
from mertk.evaluation.run_folders import find_runs, group_runs
from mertk.plugins.loader import Plugins, load_plugins
from mertk.storage.ledger import Run

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from mertk.plugins.registry import Registry

PER_CLIP = frozenset({"accuracy", "WAR", "weighted F1"})
"""Scores that weigh clips, not classes: they mean something where a class has no clip."""


class Results:
    """Runs of several models on the same clips: `table()`, `parts()`, `comparisons()`, `outcomes`.

    The first run that is no floor is compared with every other one. `swept` are the values of a
    sweep by run and path; `label_maps` are those that `remapped()` scores the predictions under.
    Unfinished runs are left out, which `notices` tell in a line each, beside damaged files; with
    `partial` all runs are scored on the clips that each of them has predicted. Raises
    `StorageError` where nothing is left, or the runs are not on the same clips.
    """

    def __init__(
        self,
        runs: Sequence[Run],
        plugins: Plugins | None = None,
        *,
        swept: Mapping[str, Mapping[str, str]] | None = None,
        partial: bool = False,
    ) -> None:
        if not runs:
            raise StorageError("no run is given; give at least one run folder")
        self.partial = partial
        self._scored, notices = choose_scored(runs, partial=partial)
        self.notices: list[str] = notices
        runs = [one.run for one in self._scored]
        registry = (plugins or load_plugins()).registry
        self.protocol = _restore_protocol(registry, runs[0].identity["protocol"])
        rules = registry.build("protocol", self.protocol)
        self.score = rules.score
        self.tests_all = bool(get_offer("protocol", rules, "tests_all"))
        self.classes = runs[0].classes
        self.multilabel = runs[0].multilabel
        self.swept = swept or {}
        self.label_maps: Sequence[LabelMap] = ()
        self.runs = [run for run in runs if not run.replay]
        if not self.runs:
            raise StorageError(
                f"{runs[0].path} is a replay that leaks; it is only shown beside the run without "
                "the leak: give that run as well"
            )

    @classmethod
    def load(
        cls, *paths: Path | str, plugins: Plugins | None = None, partial: bool = False
    ) -> Results:
        """Read run folders; a folder that holds several runs stands for all of them.

        Runs on different clips or under different protocols are not compared: the results then
        consist of several `groups`, each of which is the results of one set of clips.

        Args:
            paths: run folders, or folders of them.
            plugins: what `load_plugins` gave; default: the installed ones.
            partial: score unfinished runs too, and all runs on the clips that each has predicted.

        Raises:
            StorageError: where a path is no run folder, or no run can be scored.
        """
        runs, unread = find_runs(*paths)
        tasks, other = group_runs(runs)
        notices = [*unread, *other]
        plugins = plugins or load_plugins()
        groups: list[Results] = []
        for task in tasks:
            try:
                groups.append(cls(task, plugins, partial=partial))
            except StorageError as error:
                notices.append(str(error))
        if not groups:
            raise StorageError("; ".join(notices) or "no run is given")
        groups[0].notices[:0] = notices
        return groups[0] if len(groups) == 1 else Several(groups)

    @property
    def groups(self) -> Sequence[Results]:
        """The results of each set of clips: of one set, these alone."""
        return [self]

    @functools.cached_property
    def outcomes(self) -> list[Outcome]:
        """One per scored run, in the order given, without those that leak."""
        return [outcome_of(one) for one in self._scored if not one.run.replay]

    @functools.cached_property
    def leaked(self) -> list[Outcome]:
        """The replays of an order of work that lets held-out clips in; never compared with."""
        return [outcome_of(one) for one in self._scored if one.run.replay]

    @property
    def scope(self) -> str:
        """Which part of the clips is scored, such as `9 of 12 clips`; empty if all are."""
        return scope_of(self._scored[0])

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
        """The chance level (95 %) of each score: random predictions with the training frequencies.

        If some clips are used for training only, the frequencies are those of the other tested
        subjects, because runs do not contain these clips.
        """
        first = self.outcomes[0].predictions
        one = first[first["seed"] == first["seed"].min()]
        truth, _ = self.runs[0].get_labels(one)
        held_out = one["fold" if self.tests_all else "person"].to_numpy(str)
        return statistics.compute_chance_level(truth, held_out, len(self.classes), self.score)

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
        return [self._make_row(outcome) for outcome in self.outcomes]

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
            found = epoch_choice.compute_gaps(outcome.run, outcome.folds)
            rows += [
                {
                    "model": outcome.name,
                    "rule": gap.rule,
                    "epoch": gap.epoch,
                    **self._scores_of(gap.confusions),
                }
                for gap in found
            ]
            if not found and (outcome.run.path / "oracle").exists():
                known = epoch_choice.has_no_epochs(outcome.run, outcome.folds)
                rule = "no epochs to choose from" if known else "not finished"
                rows.append({"model": outcome.name, "rule": rule})
        return rows

    def leaked_table(self) -> pd.DataFrame:
        """As `table()`, of the replays that leak; no row where none was run."""
        import pandas as pd

        return pd.DataFrame([self._make_row(outcome) for outcome in self.leaked])

    def remapped(self) -> list[Remapped]:
        """The same predictions under each of `label_maps`, and unchanged first; one a run and map.

        Empty without `label_maps`.
        """
        own = LabelMap({name: [name] for name in self.classes})
        maps = [own, *self.label_maps] if self.label_maps else []
        return [remap_predictions(one, label_map) for one in self.outcomes for label_map in maps]

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
            for part, chosen in self._select_parts(outcome).items()
        ]
        return pd.DataFrame(rows)

    @property
    def _per_clip(self) -> int:
        """How often a clip counts in confusion matrices: once a class if multi-label."""
        return len(self.classes) if self.multilabel else 1

    def _select_parts(self, outcome: Outcome) -> dict[str, NDArray[np.bool_]]:
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
        scores = statistics.compute_pooled_scores(confusions, self.score)
        intervals = statistics.score_intervals(confusions, self.score)
        truth = confusions.sum(axis=(0, 1, -1))
        shown = truth[:, 1] if self.multilabel else truth
        row: dict[str, Any] = {}
        for name, value in scores.items():
            whole = bool(shown.all()) or name in PER_CLIP
            row[name] = value if whole else np.nan
            for end, bound in zip(("low", "high"), intervals[name], strict=True):
                row[f"{name}_{end}"] = bound if whole else np.nan
        return row

    def comparisons(self, score: str | None = None) -> dict[tuple[str, str], statistics.Paired]:
        """The first model against each other run: a paired permutation test over subjects.

        `score` is one of the protocol's; default: its first. p is corrected over the models of the
        table, and over its floors, as two families.
        """
        models = [outcome for outcome in self.outcomes if not outcome.is_floor]
        if not models:
            return {}
        first = models[0]
        found: dict[tuple[str, str], statistics.Paired] = {}
        for floor in (False, True):
            family = {
                (first.name, other.name): statistics.paired_permutation(
                    first.confusions, other.confusions, self.score, score or self.main_score
                )
                for other in self.outcomes
                if other is not first and other.is_floor == floor
            }
            found |= statistics.correct_comparisons(family)
        return found

    def _compute_spread(self, confusions: NDArray[np.int64]) -> dict[str, float]:
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

    def _make_row(self, outcome: Outcome) -> dict[str, Any]:
        table = outcome.predictions
        return {
            "model": outcome.name,
            "floor": outcome.is_floor,
            "seen_before": bool(outcome.seen_before),
            **self._scores_of(outcome.confusions),
            **self._compute_spread(outcome.confusions),
            "clips": table["uid"].nunique(),
            "subjects": len(outcome.subjects),
            "folds": table["fold"].nunique(),
            "seeds": table["seed"].nunique(),
            "seconds": outcome.seconds,
            "run": str(outcome.run.path),
        }


def _restore_protocol(registry: Registry, stored: Mapping[str, Any]) -> Use:
    """The protocol of a run, with the parameters that differ from their defaults."""
    known = registry.get("protocol", stored["name"]).parameters()
    params = {n: v for n, v in stored["params"].items() if n not in known or known[n].default != v}
    return Use(stored["name"], **params)


class Several(Results):
    """The results of several sets of clips: a `table()` of all, and `groups` for all else."""

    def __init__(self, groups: Sequence[Results]) -> None:
        self._groups = groups
        self.partial = any(one.partial for one in groups)
        self.notices = [line for one in groups for line in one.notices]
        self.runs = [run for one in groups for run in one.runs]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        titles = "; ".join(f"{', '.join(one.datasets)} under {one.protocol}" for one in self.groups)
        raise StorageError(
            f"these runs are on {len(self.groups)} sets of clips ({titles}), which have no common "
            f"'{name}': take one of `groups`"
        )

    @property
    def groups(self) -> Sequence[Results]:
        """The results of each set of clips, in the order in which their first runs were found."""
        return self._groups

    @functools.cached_property
    def outcomes(self) -> list[Outcome]:
        """Those of all groups."""
        return [outcome for one in self.groups for outcome in one.outcomes]

    @functools.cached_property
    def leaked(self) -> list[Outcome]:
        """Those of all groups."""
        return [outcome for one in self.groups for outcome in one.leaked]

    def table(self) -> pd.DataFrame:
        """The tables of all groups, with their `datasets` and `protocol` in front."""
        import pandas as pd

        tables = []
        for one in self.groups:
            table = one.table()
            table.insert(0, "datasets", ", ".join(one.datasets))
            table.insert(1, "protocol", str(one.protocol))
            tables.append(table)
        return pd.concat(tables, ignore_index=True)
