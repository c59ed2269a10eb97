"""Results of several runs on one protocol: scores, intervals and tests, from predictions.

Only whole runs are scored; with `partial` all runs are, on the clips that each has predicted.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import StorageError
from mertk.core.offers import get_offer
from mertk.core.recipe import Use
from mertk.core.showing import Shown
from mertk.evaluation import epoch_choice, run_folders, score_plots, statistics, tables
from mertk.evaluation.label_maps import LabelMap, remap_predictions
from mertk.evaluation.outcomes import Outcome, choose_outcomes
from mertk.plugins.loader import Plugins, load_plugins
from mertk.storage.ledger import Run

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


PER_CLIP = frozenset({"accuracy", "WAR", "weighted F1"})
"""Scores that weigh clips, not classes: they are defined where a class has no clip."""


class Results(Shown):
    """Runs of several models on the same clips: `table()`, `parts()`, `comparisons()`, `outcomes`.

    `outcomes` has one per scored run, in the order given, and `models` those that are no floors;
    `leaked` those of replays of an order of work that lets held-out clips in, which are never
    compared with.
    The first run that is no floor is compared with every other one. `swept` are the values of a
    sweep by run and path; `label_maps` are those that `remapped()` scores the predictions under.
    `common_name`: what shown names leave out.
    Unfinished runs are left out; `notices` has a line on each, and on each damaged file. With
    `partial` all runs are scored on the clips that each of them has predicted. Raises
    `StorageError` where nothing is left, or the runs are not on the same clips.

    Examples:
        >>> results.table()["model"].tolist()
        ['flow_ridge', 'hoof_ridge']
        >>> results.main_score
        'UF1'
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
        self.common_name = ""
        chosen, notices = choose_outcomes(runs, partial=partial)
        self.notices: list[str] = notices
        self.outcomes: list[Outcome] = [outcome for outcome in chosen if not outcome.run.replay]
        self.models: list[Outcome] = [outcome for outcome in self.outcomes if not outcome.is_floor]
        self.leaked: list[Outcome] = [outcome for outcome in chosen if outcome.run.replay]
        registry = (plugins or load_plugins()).registry
        self.protocol = run_folders.restore_protocol(registry, runs[0].identity["protocol"])
        rules = registry.build("protocol", self.protocol)
        self.score = rules.score
        self.tests_all = bool(get_offer("protocol", rules, "tests_all"))
        self.classes = runs[0].classes
        self.multilabel = runs[0].multilabel
        self.swept = swept or {}
        self.label_maps: Sequence[LabelMap] = ()
        self.runs = [outcome.run for outcome in self.outcomes]
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

        Examples:
            >>> mertk.Results.load("runs").table()["model"].tolist()
            ['flow_ridge', 'hoof_ridge']

        Args:
            paths: run folders, or folders of them.
            plugins: what `load_plugins` gave; default: the installed ones.
            partial: score unfinished runs too, and all runs on the clips that each has predicted.

        Raises:
            StorageError: where a path is no run folder, or no run can be scored.
        """
        runs, unread = run_folders.find_runs(*paths)
        tasks, other = run_folders.group_runs(runs)
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

    def _list_facts(self) -> dict[str, object]:
        return tables.list_scores(self.groups)

    @property
    def groups(self) -> Sequence[Results]:
        """The results of each set of clips: of one set, these alone."""
        return [self]

    @property
    def scope(self) -> str:
        """Which part of the clips is scored, such as `9 of 12 clips`; empty if all are."""
        return self.outcomes[0].scope

    @property
    def datasets(self) -> list[str]:
        """The data sets that the clips are from, with their parameters."""
        return list(map(str, map(Use.from_json, self.runs[0].identity["datasets"])))

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

    @property
    def excluded(self) -> list[str]:
        """The ids of the clips that `--exclude` left out."""
        return list(self.runs[0].identity.get("excluded", ()))

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
        """One row per run: each score with its 95 % interval, clips, folds, seeds, seconds.

        `subject_mean`, `worst_tenth`: accuracy (or F1) over subjects, and over their lowest tenth.
        """
        import pandas as pd

        return pd.DataFrame(self._rows)

    @functools.cached_property
    def _rows(self) -> list[dict[str, Any]]:
        return list(map(self._make_row, self.outcomes))

    def predictions(self) -> pd.DataFrame:
        """All predictions as one long table: a row for each model, seed and clip.

        The columns are `model`, `seed`, `fold`, `subject`, `clip`, `true` and `predicted` (names of
        classes; those of several labels with `+` between them, or `none`), and `p_<class>`, the
        probability of each class.

        Examples:
            >>> results.predictions()[["clip", "true", "predicted"]].head(1).to_dict("records")
            [{'clip': 'synthetic/s01/c01', 'true': 'positive', 'predicted': 'positive'}]
        """
        import pandas as pd

        return pd.concat(map(tables.tabulate_predictions, self.outcomes), ignore_index=True)

    def confusion(self, model: str | None = None) -> pd.DataFrame:
        """Counts of clips by true class (rows) and predicted class (columns), added over seeds.

        A multi-label run has a row a label, with its true and false negatives and positives.

        Examples:
            >>> results.confusion().loc["positive"].to_dict()
            {'negative': 0, 'positive': 4, 'surprise': 0}

        Args:
            model: its name, as in `table()`; default: the first.

        Raises:
            UnknownNameError: where no run has this name.
        """
        return tables.tabulate_confusion(tables.find_outcome(self.outcomes, model))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the main score of each model with its interval: `mertk.plots.plot_forest`.

        Examples:
            >>> results.plot().get_xlabel()
            'UF1 with 95 % interval; shaded: chance level'
        """
        return score_plots.plot_forest(self, ax=ax)

    def sweep_table(self) -> pd.DataFrame:
        """As `table()`, a row for each variant of a sweep, with its values by path, or `–`."""
        return tables.tabulate_sweep(self._rows, self.swept)

    def epochs_table(self) -> pd.DataFrame:
        """The scores by the rule that chooses the epoch, if every epoch was evaluated.

        A row a run and rule; `epoch` is the mean one, from 1. A run without epochs has one row,
        with NaN.
        """
        import pandas as pd

        return pd.DataFrame(self._epochs)

    @functools.cached_property
    def _epochs(self) -> list[dict[str, Any]]:
        return epoch_choice.tabulate_epochs(self.outcomes, self._scores_of)

    def leaked_table(self) -> pd.DataFrame:
        """As `table()`, of the replays that leak; no row where none was run."""
        import pandas as pd

        return pd.DataFrame(map(self._make_row, self.leaked))

    def remapped(self) -> pd.DataFrame:
        """The scores of the same predictions unchanged and under each of `label_maps`.

        One row a run and map, with `clips` and `subjects` that the map keeps; no row without
        `label_maps`.
        """
        import pandas as pd

        own = LabelMap({name: [name] for name in self.classes})
        pairs = itertools.product(self.outcomes, [own, *self.label_maps] if self.label_maps else ())
        return pd.DataFrame(itertools.starmap(remap_predictions, pairs))

    def parts(self) -> pd.DataFrame:
        """The scores of each database's clips, from the same predictions; one row per run and part.

        Where one database has parts to be tested apart, as an official split has, these are the
        parts. There is no row where all clips are of one part. A score over classes is NaN where a
        class has no clip in the part.
        """
        import pandas as pd

        times = len(self.classes) if self.multilabel else 1  # a clip is in one matrix per label
        rows = []
        for outcome in self.outcomes:
            for part, chosen in self._select_parts(outcome).items():
                row = {"model": outcome.name, "floor": outcome.is_floor, "part": part}
                row |= self._scores_of(outcome.confusions[:, chosen])
                row["clips"] = int(outcome.confusions[0, chosen].sum()) // times
                rows.append(row | {"subjects": int(chosen.sum())})
        return pd.DataFrame(rows)

    def _select_parts(self, outcome: Outcome) -> dict[str, NDArray[np.bool_]]:
        """Which of the subjects `[subjects]` belong to each part."""
        people = outcome.predictions.drop_duplicates("person").set_index("person")
        of = people.index.to_series().str.partition("/")[0]
        if len(of.unique()) == 1 and not self.tests_all:
            of = people["fold"]
        belongs = of.loc[list(outcome.subjects)].to_numpy()
        parts = of.unique() if len(of.unique()) > 1 else ()
        return {name: belongs == name for name in parts}

    def _scores_of(self, confusions: NDArray[np.int64]) -> dict[str, float]:
        """Scores and intervals; NaN for those over classes where a class has no clip."""
        row = statistics.tabulate_scores(confusions, self.score)
        truth = confusions.sum(axis=(0, 1, -1))
        if not (truth[:, 1] if self.multilabel else truth).all():
            for column in row:
                if column.removesuffix("_low").removesuffix("_high") not in PER_CLIP:
                    row[column] = np.nan
        return row

    def comparisons(self, score: str | None = None) -> dict[tuple[str, str], statistics.Paired]:
        """The first model against each other run: a paired permutation test over subjects.

        `score` is one of the protocol's; default: its first. p is corrected over the models of the
        table, and over its floors, as two families.

        Examples:
            >>> for (first, other), test in results.comparisons().items():
            ...     print(first, other, test.score)
            flow_ridge hoof_ridge UF1
        """
        found: dict[tuple[str, str], statistics.Paired] = {}
        for floor in (False, True) if self.models else ():
            first, family = self.models[0], {}
            for other in self.outcomes:
                if other is not first and other.is_floor == floor:
                    family[first.name, other.name] = statistics.paired_permutation(
                        first.confusions, other.confusions, self.score, score or self.main_score
                    )
            found |= statistics.correct_comparisons(family)
        return found

    def fold_means(self) -> pd.DataFrame:
        """UF1, UAR and accuracy as means over folds, which circulate, though no protocol uses them.

        A row a run and treatment of the classes that a fold lacks (`metrics.fold_means`), means
        over seeds. No row for multi-label runs.
        """
        return tables.tabulate_fold_means([] if self.multilabel else self.outcomes)

    @functools.cached_property
    def tried(self) -> int:
        """How many recipes the folder of these runs holds for this protocol and clip list."""
        return run_folders.count_recipes(self.runs[0])

    def _make_row(self, outcome: Outcome) -> dict[str, Any]:
        row = {"model": outcome.name, "floor": outcome.is_floor}
        row |= {"seen_before": bool(outcome.seen_before), "collapsed": outcome.is_collapsed}
        row |= self._scores_of(outcome.confusions)
        for name, by_seed in self.score(outcome.confusions.sum(axis=1)).items():
            row[f"{name}_sd"] = float(np.std(by_seed, ddof=1)) if len(by_seed) > 1 else np.nan
        return row | tables.describe_run(outcome)


class Several(Results):
    """The results of several sets of clips: a `table()` of all, and `groups` for all else."""

    def __init__(self, groups: Sequence[Results]) -> None:
        self._groups = groups
        self.partial = groups[0].partial
        self.notices, self.runs, self.outcomes, self.models, self.leaked = [], [], [], [], []
        for one in groups:
            self.notices += one.notices
            self.runs += one.runs
            self.outcomes += one.outcomes
            self.models += one.models
            self.leaked += one.leaked

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

    def table(self) -> pd.DataFrame:
        """The tables of all groups, with their `datasets` and `protocol` in front."""
        return self._join([one.table() for one in self.groups])

    def predictions(self) -> pd.DataFrame:
        """The predictions of all groups, with their `datasets` and `protocol` in front."""
        return self._join([one.predictions() for one in self.groups])

    def _join(self, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
        import pandas as pd

        for one, part in zip(self.groups, parts, strict=True):
            part.insert(0, "datasets", ", ".join(one.datasets))
            part.insert(1, "protocol", str(one.protocol))
        return pd.concat(parts, ignore_index=True)
