"""Accuracy by class, action unit, clip length and label, and clip by clip."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core import metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from mertk.evaluation.outcomes import Outcome
    from mertk.evaluation.results import Results

    Masks = Mapping[str, NDArray[np.bool_]]

FEWEST = 5  # groups of fewer clips are left out


def make_groupings(results: Results) -> dict[str, pd.DataFrame]:
    """By class, action unit and length, as far as a run knows them; none if multi-label.

    Each table has a row a group: its `clips`, and the share of them that each model has right, mean
    over seeds, a column a model.
    """
    import pandas as pd

    found: dict[str, pd.DataFrame] = {}
    if results.multilabel or not results.models:
        return found
    first = results.models[0].predictions.groupby("uid")["truth"].first()
    right = pd.DataFrame(index=first.index)
    for outcome in results.models:
        table = outcome.predictions
        right[outcome.name] = (table["truth"] == table["predicted"]).groupby(table["uid"]).mean()
    clips = results.models[0].run.clips
    facts = [clips.get(uid, {}) for uid in first.index]
    for title, masks in (
        ("class", {name: (first == at).to_numpy() for at, name in enumerate(results.classes)}),
        ("action unit", _group_by_unit(facts)),
        ("length of the clip", _group_by_length(facts)),
    ):
        if len(masks) > 1:
            groups = pd.DataFrame(masks, right.index).loc[:, lambda mask: mask.sum() >= FEWEST]
            shares = (groups.T.astype(float) @ right).div(groups.sum(), axis=0)
            shares.insert(0, "clips", groups.sum())
            found[title] = shares
    return found


def count_choices(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """What models have chosen while they were fitted, and in how many folds of all seeds.

    A row has `model`, `choice` (its place and name), `value` as text, `folds`, and `of`, the number
    of folds; the most frequent value of a choice comes first.
    """
    found = []
    for outcome in outcomes:
        counts: dict[str, Counter[str]] = {}
        for fold in outcome.folds:
            for name, value in fold.choices.items():
                counts.setdefault(name, Counter())[_format_value(value)] += 1
        for name, values in counts.items():
            of = {"of": values.total()}
            for value, folds in values.most_common():
                row = {"model": outcome.name, "choice": name, "value": value, "folds": folds}
                found.append(row | of)
    return found


def _format_value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value)


def _group_by_unit(facts: Sequence[Mapping[str, Any]]) -> Masks:
    """Which clips show each action unit; a clip with several counts for each of them."""
    masks: dict[Any, NDArray[np.bool_]] = {}
    for at, one in enumerate(facts):
        for unit in one.get("aus", ()):
            masks.setdefault(unit, np.zeros(len(facts), bool))[at] = True
    return {f"AU{unit}": masks[unit] for unit in sorted(masks)}


def _group_by_length(facts: Sequence[Mapping[str, Any]]) -> Masks:
    """Thirds of the clips by their time from onset to offset."""
    seconds = np.array([one.get("seconds", np.nan) for one in facts], float)
    if np.isnan(seconds).any():
        return {}
    ends = np.unique(np.quantile(seconds, [0, 1 / 3, 2 / 3, 1]))
    third = np.searchsorted(ends[1:-1], seconds, side="left")
    lengths = enumerate(itertools.pairwise(ends))
    return {f"{low:.2f}–{high:.2f} s": third == at for at, (low, high) in lengths}


def score_labels(results: Results) -> pd.DataFrame:
    """A row a label: how many of the `clips` are `positives`, and its `binary` and `macro` F1.

    The scores are lists, a score a run in the order of `results.outcomes`, means over seeds. No
    row if not multi-label.
    """
    import pandas as pd

    if not results.multilabel:
        return pd.DataFrame()
    counts = results.outcomes[0].confusions[0].sum(axis=(0, 3))
    binary = np.empty((len(results.classes), len(results.outcomes)))
    macro = np.empty_like(binary)
    for at, outcome in enumerate(results.outcomes):
        pooled = outcome.confusions.sum(axis=1)
        binary[:, at] = metrics.binary_f1(pooled).mean(axis=0)
        macro[:, at] = metrics.macro_f1(pooled).mean(axis=0)
    table = pd.DataFrame({"label": results.classes, "positives": counts[:, 1]})
    table["clips"] = counts.sum(axis=1)
    table["binary"], table["macro"] = binary.tolist(), macro.tolist()
    return table


def bin_confidence(outcome: Outcome) -> tuple[pd.DataFrame, float]:
    """Mean confidence and accuracy in ten bins of confidence, and the expected calibration error.

    A row a bin that has clips: `sure`, the mean probability of the predicted class, `right`, the
    share of right predictions, and `share`, that of all clips.
    """
    import pandas as pd

    table = outcome.predictions
    sure = outcome.probabilities.max(axis=1)
    right = table["truth"] == table["predicted"]
    bins = (sure * 10).astype(int).clip(upper=9)
    points = pd.DataFrame({"sure": sure, "right": right}).groupby(bins).mean()
    points["share"] = bins.value_counts(normalize=True)
    gap = float((points["share"] * (points["sure"] - points["right"]).abs()).sum())
    return points, gap


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipPrediction:
    """What a model predicts of a clip: probabilities by class, and the predicted classes."""

    model: str
    probabilities: Mapping[str, float]
    predicted: str

    @classmethod
    def choose(
        cls, model: str, probabilities: Mapping[str, float], *, multilabel: bool = False
    ) -> ClipPrediction:
        """The likeliest class is predicted; multi-label, all from one half on."""
        chosen = [name for name, share in probabilities.items() if share >= 0.5]
        if not multilabel:
            chosen = [max(probabilities, key=probabilities.__getitem__)]
        return cls(model=model, probabilities=probabilities, predicted=" + ".join(chosen))


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedClip:
    """A held-out clip: its id, its class (or classes), and what each model predicts."""

    uid: str
    truth: str
    predictions: Sequence[ClipPrediction]


def rank_clips(models: Sequence[Outcome]) -> list[RankedClip]:
    """All held-out clips, largest errors first; probabilities are means over seeds."""
    if not models:
        return []
    run = models[0].run
    first = models[0].predictions.drop_duplicates("uid").set_index("uid").sort_index()
    uids, (truths, _) = first.index, run.get_labels(first)
    if not run.multilabel:
        truths = np.eye(len(run.classes), dtype=int)[truths]
    shares = np.empty((len(models), *truths.shape))
    for share, outcome in zip(shares, models, strict=True):
        share[:] = outcome.probabilities.groupby(outcome.predictions["uid"]).mean().loc[uids]
    wrong = np.abs(shares - truths).sum(axis=(0, 2))
    ranked = []
    for at in (-wrong).argsort(kind="stable"):
        predictions = []
        for outcome, row in zip(models, shares[:, at].tolist(), strict=True):
            probabilities = dict(zip(run.classes, row, strict=True))
            predictions.append(
                ClipPrediction.choose(outcome.name, probabilities, multilabel=run.multilabel)
            )
        truth = " + ".join(itertools.compress(run.classes, truths[at])) or "none"
        ranked.append(RankedClip(uid=uids[at], truth=truth, predictions=predictions))
    return ranked
