"""Compare runs: test every pair, over one or several sets of clips."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mertk.core.errors import StorageError
from mertk.core.printing import count_noun
from mertk.core.showing import Shown
from mertk.evaluation import statistics
from mertk.evaluation.results import Results
from mertk.evaluation.statistics import ALPHA

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mertk.evaluation.statistics import Paired
    from mertk.plugins.loader import Plugins


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Comparison(Shown):
    """The models of one set of clips: their results, ranks over subjects, and a test of each pair.

    `ranks` are means over subjects of the rank by the share of clips that is right, 1 the best.
    """

    title: str
    results: Results
    ranks: Mapping[str, float]
    tests: Mapping[tuple[str, str], Paired]

    def _list_facts(self) -> dict[str, object]:
        best_first = sorted(self.ranks, key=self.ranks.__getitem__)
        ranks = [f"{self.ranks[name]:.2f} {name}" for name in best_first]
        differ = sum(test.corrected < ALPHA for test in self.tests.values())
        return {
            "clips": self.title,
            "mean ranks": ", ".join(ranks),
            "pairs that differ": f"{differ} of {len(self.tests)}",
        }

    def same(self, a: str, b: str) -> bool:
        """Whether no difference of the two is shown, after Holm's correction over all pairs."""
        test = self.tests.get((a, b)) or self.tests[b, a]
        return test.corrected >= ALPHA

    @property
    def cliques(self) -> list[list[str]]:
        """The longest stretches of models, by rank, of which no pair is shown to differ."""
        names = sorted(self.ranks, key=self.ranks.__getitem__)
        found: list[list[str]] = []
        last = 1  # where the stretch before ends; a shorter one is a part of it
        for start in range(len(names)):
            end = start + 1
            while end < len(names) and all(self.same(n, names[end]) for n in names[start:end]):
                end += 1
            if end > max(last, start + 1):
                found.append(names[start:end])
                last = end
        return found


def compare_runs(
    paths: Sequence[Path], plugins: Plugins, *, partial: bool = False
) -> list[Comparison]:
    """The runs of these folders, or folders of them, set by set; floors are left out.

    Unfinished runs are left out too, unless `partial`: then all runs of a set are compared on the
    clips that each has predicted. Raises `StorageError` where no set of clips has two models.
    """
    results = Results.load(*paths, plugins=plugins, partial=partial)
    found = list(map(_compare_models, results.groups))
    if not any(one.tests for one in found):
        given = ", ".join(f"{len(one.ranks)} on {one.title}" for one in found)
        advice = "give two models or more on the same clips, under the same protocol"
        raise StorageError("; ".join([f"nothing to compare: {given}", advice, *results.notices]))
    return sorted(_tell_titles_apart(found), key=lambda one: one.title)


def _tell_titles_apart(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Sets of clips of one title get the number of clips, or a hash of their list, behind it."""
    for describe in (_count_clips, _name_clip_list):
        counts = Counter(one.title for one in comparisons)
        told = []
        for one in comparisons:
            more = describe(one.results) if counts[one.title] > 1 else ""
            told.append(replace(one, title=f"{one.title} · {more}" if more else one.title))
        comparisons = told
    return list(comparisons)


def _count_clips(results: Results) -> str:
    many = results.outcomes[0].predictions.nunique()
    return f"{count_noun(many['uid'], 'clip')} of {count_noun(many['person'], 'subject')}"


def _name_clip_list(results: Results) -> str:
    return f"clip list {results.runs[0].identity['clip_list'][:6]}"


def _compare_models(results: Results) -> Comparison:
    shares, tests = {}, {}
    for one in results.models:
        shares[one.name] = statistics.subject_shares(one.confusions)
    for a, b in itertools.combinations(results.models, 2):
        tests[a.name, b.name] = statistics.paired_permutation(
            a.confusions, b.confusions, results.score, results.main_score
        )
    title = f"{', '.join(results.datasets)} · {results.protocol}"
    return Comparison(
        title=f"{title} · PARTIAL: {results.scope}" if results.scope else title,
        results=results,
        ranks=compute_mean_ranks(shares),
        tests=statistics.correct_comparisons(tests),
    )


def compute_mean_ranks(shares: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """Mean ranks by model of shares `[subjects]`; equal shares share their ranks."""
    import pandas as pd

    ranks = pd.DataFrame(shares).round(12).rank(axis=1, ascending=False).mean()
    return dict(zip(shares, ranks.tolist(), strict=True))
