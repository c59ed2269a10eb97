"""How spotted intervals are counted: one to one, and as published programs count them.

All rules are applied to each kind of expression by itself, and to one subject after the other.

- `one_to_one`: the rules of MEGC 2019 to 2025, "one truth matched once". As many pairs are made as
  can be, and of those matchings the one with the largest sum of IoU is taken, so that the order of
  rows never matters.
- `megc2020`: a truth counts once if any prediction finds it, and a prediction may find several.
  The tables of the baseline of MEGC 2020 (He et al. 2020, arXiv:1912.11985) are made so: F1 .0376
  on CAS(ME)^2, where one to one gives .0362.
- `softnet`: predictions take truths in the order of the rows; each looks at the truth that it
  overlaps most alone, needs an IoU above 0.5, and is wrong if that truth is taken. A video without
  a prediction counts one wrong prediction. SoftNet (Liong et al. 2021, arXiv:2106.06489) and the
  programs that were made from its code count so, with a package for boxes in pictures.
- `strs2023`: the script of the Spot-Then-Recognize Score (Liong et al. 2023,
  doi:10.1016/j.image.2022.116875), which MEGC 2024 and 2025 use. Subjects without a prediction are
  left out with all that was missed in them, and so are predictions in videos without a truth; each
  prediction in the order of the rows takes all truths that are left and that it overlaps enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import numpy as np

from mertk.spotting.interval import IOU, Counted, Counts, Interval, Pair, Videos, iou

Rule = Literal["one_to_one", "megc2020", "softnet", "strs2023"]
"""How spotted intervals are counted."""

RULES: Mapping[Rule, str] = {
    "one_to_one": "one to one",
    "megc2020": "MEGC 2020 baseline",
    "softnet": "SoftNet 2021",
    "strs2023": "STRS script 2023",
}
"""The rules, by what they are called in tables."""

USED: Mapping[Rule, str] = {
    "one_to_one": "the written rule of MEGC 2019 to 2025",
    "megc2020": "the tables of the MEGC 2020 baseline (He et al. 2020): a truth counts once if any "
    "prediction finds it",
    "softnet": "SoftNet (Liong et al. 2021) and work on its code, such as MEAN and ME-TST: greedy, "
    "IoU above 0.5, a video without a spot counts one wrong one",
    "strs2023": "the STRS script (Liong et al. 2023) of MEGC 2024 and 2025: subjects without "
    "predictions and videos without true intervals are left out, a prediction may take several",
}
"""Which papers and challenges used a rule."""


def match_intervals(
    truths: Iterable[Interval], predictions: Iterable[Interval], threshold: float = IOU
) -> list[Pair]:
    """A maximum matching of intervals of one video, and of those one of the largest total IoU.

    Neither the order of the intervals nor which side is called the truth changes how many match.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = sorted(truths), sorted(predictions)
    overlap = iou(rows, columns)
    good = overlap >= threshold
    worth = np.where(good, overlap + min(good.shape) + 1, 0)  # one more pair outweighs all IoU
    found = zip(*linear_sum_assignment(worth, maximize=True), strict=True)
    return [(rows[t], columns[p]) for t, p in found if good[t, p]]


def _count_one_to_one(videos: Videos, threshold: float) -> Counted:
    pairs, truths, predictions = [], 0, 0
    for true, spotted in videos:
        pairs += match_intervals(true, spotted, threshold)
        truths, predictions = truths + len(true), predictions + len(spotted)
    return Counts(len(pairs), truths, predictions), pairs


def _count_as_megc2020(videos: Videos, threshold: float) -> Counted:
    pairs, truths, predictions = [], 0, 0
    for true, spotted in videos:
        truths, predictions = truths + len(true), predictions + len(spotted)
        if true and spotted:
            overlap = iou(true, spotted)
            best = overlap.argmax(axis=1).tolist()
            found = np.flatnonzero(overlap.max(axis=1) >= threshold).tolist()
            pairs += [(true[t], spotted[best[t]]) for t in found]
    return Counts(len(pairs), truths, predictions), pairs


def _count_as_softnet(videos: Videos, threshold: float) -> Counted:
    pairs, truths, predictions = [], 0, 0
    for true, spotted in videos:
        truths, predictions = truths + len(true), predictions + max(len(spotted), 1)
        overlap, taken = iou(true, spotted), set()
        for p in range(len(spotted) if true else 0):
            t = int(np.argsort(overlap[:, p])[::-1][0])
            if overlap[t, p] > threshold and t not in taken:
                taken.add(t)
                pairs.append((true[t], spotted[p]))
    return Counts(len(pairs), truths, predictions), pairs


def _count_as_strs_script(videos: Videos, threshold: float) -> Counted:
    pairs, wrong, count = list[Pair](), 0, 0
    if not any(spotted for _, spotted in videos):
        return Counts(0, 0, 0), pairs
    for true, spotted in videos:
        if not true:
            continue
        count += len(true)
        good = iou(true, spotted) >= threshold
        for p, prediction in enumerate(spotted):  # each takes every truth that is left
            taken = np.flatnonzero(good[:, p]).tolist()
            pairs += [(true[t], prediction) for t in taken]
            wrong += not taken
            good[taken] = False
    return Counts(len(pairs), count, len(pairs) + wrong), pairs


COUNTERS: Mapping[Rule, Callable[[Videos, float], Counted]] = {
    "one_to_one": _count_one_to_one,
    "megc2020": _count_as_megc2020,
    "softnet": _count_as_softnet,
    "strs2023": _count_as_strs_script,
}
"""What a rule counts in the videos of one subject, at a least IoU."""
