"""Runs side by side: every pair tested, over one or several sets of clips."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mertk import stats
from mertk.errors import StorageError
from mertk.harness.results import Results
from mertk.identity import digest
from mertk.ledger import Run
from mertk.stats import ALPHA

if TYPE_CHECKING:
    from mertk.plugins import Plugins
    from mertk.stats import Paired

TASK = ("protocol", "clip_list", "classes")
"""What runs must share to be compared with each other."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The models of one set of clips: their results, ranks over subjects, and a test of each pair.

    `ranks` are means over subjects of the rank by the share of clips that is right, 1 the best.
    """

    title: str
    results: Results
    ranks: Mapping[str, float]
    tests: Mapping[tuple[str, str], Paired]

    def same(self, a: str, b: str) -> bool:
        """Whether no difference of the two is shown, after Holm's correction over all pairs."""
        test = self.tests.get((a, b)) or self.tests[b, a]
        return test.corrected >= ALPHA

    @property
    def cliques(self) -> list[list[str]]:
        """The longest stretches of models, by rank, of which no pair is shown to differ."""
        names = sorted(self.ranks, key=self.ranks.__getitem__)
        found: list[list[str]] = []
        for start in range(len(names)):
            end = start + 1
            while end < len(names) and all(self.same(n, names[end]) for n in names[start:end]):
                end += 1
            stretch = names[start:end]
            if len(stretch) > 1 and not any(set(stretch) <= set(other) for other in found):
                found.append(stretch)
        return found


def compared(paths: Sequence[Path], plugins: Plugins) -> list[Comparison]:
    """The runs of these folders, or folders of them, set by set; floors are left out.

    Raises `StorageError` where no set of clips has two models.
    """
    tasks: dict[str, list[Run]] = {}
    for run in _runs(paths):
        if not run.replay:
            key = digest([run.identity[part] for part in TASK])
            tasks.setdefault(key, []).append(run)
    found = [_compared(Results(runs, plugins)) for runs in tasks.values()]
    if not any(one.tests for one in found):
        given = ", ".join(f"{len(one.ranks)} on {one.title}" for one in found) or "no run"
        raise StorageError(
            f"nothing to compare: {given}; give two models or more on the same clips, under the "
            "same protocol"
        )
    return sorted(found, key=lambda one: one.title)


def _runs(paths: Iterable[Path]) -> list[Run]:
    """Each run once; a folder that holds several stands for all of them."""
    folders = [
        folder
        for path in paths
        for folder in (
            [path] if (path / "run.json").exists() else
            [file.parent for file in sorted(path.glob("*/run.json"))] or [path]
        )
    ]  # fmt: skip
    return [Run(folder) for folder in dict.fromkeys(folder.resolve() for folder in folders)]


def _compared(results: Results) -> Comparison:
    models = [outcome for outcome in results.outcomes if not outcome.is_floor]
    shares = np.array([stats.subject_shares(one.confusions) for one in models])
    tests = {
        (a.name, b.name): stats.paired_permutation(
            a.confusions, b.confusions, results.score, results.main_score
        )
        for a, b in itertools.combinations(models, 2)
    }
    return Comparison(
        title=f"{', '.join(results.datasets)} · {results.protocol}",
        results=results,
        ranks=dict(zip([one.name for one in models], _ranks(shares), strict=True)),
        tests=stats.corrected(tests),
    )


def _ranks(shares: np.ndarray) -> list[float]:
    """Mean ranks `[models]` of shares `[models, subjects]`; equal shares share their ranks."""
    from scipy.stats import rankdata

    if not shares.size:
        return []
    return [float(rank) for rank in rankdata(-shares.round(12), axis=0).mean(axis=1)]
