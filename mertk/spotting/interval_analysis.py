"""Details of a spotting score: matched pairs, videos, subjects, other IoUs, other files."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mertk.core import metrics
from mertk.evaluation import statistics
from mertk.evaluation.statistics import Paired, Scores
from mertk.spotting.interval import VIDEO, Counts, Interval, group_intervals, iou
from mertk.spotting.scored_intervals import ScoredIntervals
from mertk.spotting.scoring import spot

THRESHOLDS = tuple(np.arange(0.1, 1.0, 0.1).round(1).tolist())  # the least IoUs of a sweep


@dataclass(frozen=True, slots=True)
class Match:
    """A true and a spotted interval that match (TP), or one of them alone (FN, FP).

    `iou` is that of the pair; of an interval alone, the best with any interval of the other side in
    the same video, whatever its kind. `interval` is the true one, or else the spotted one.
    """

    result: Literal["TP", "FP", "FN"]
    truth: Interval | None
    prediction: Interval | None
    iou: float
    interval: Interval


def list_matches(found: ScoredIntervals) -> list[Match]:
    """All true and spotted intervals, matched one to one, by video and onset."""
    pairs = list(found.spotting["one_to_one"].pairs)
    truths, predictions = list(found.truths), list(found.predictions)
    matches = []
    for truth, prediction in pairs:
        overlap = float(iou([truth], [prediction])[0, 0])
        matches.append(Match("TP", truth, prediction, overlap, truth))
        truths.remove(truth)
        predictions.remove(prediction)
    videos = group_intervals(found.truths, found.predictions, VIDEO)
    for one in truths:
        matches.append(Match("FN", one, None, _find_best_iou(one, videos[VIDEO(one)][1]), one))
    for one in predictions:
        matches.append(Match("FP", None, one, _find_best_iou(one, videos[VIDEO(one)][0]), one))
    return sorted(matches, key=lambda one: (VIDEO(one.interval), one.interval.onset, one.result))


def count_videos(found: ScoredIntervals) -> dict[tuple[str, str], Counts]:
    """The counts of each video (subject, name), matched one to one."""
    sides = group_intervals(found.truths, found.predictions, VIDEO)
    return {video: spot(*own).overall for video, own in sorted(sides.items())}


def sweep_f1(found: ScoredIntervals) -> dict[float, float]:
    """F1 one to one by the least IoU of a match."""
    scores = {}
    for threshold in THRESHOLDS:
        sides = found.truths, found.predictions
        scores[threshold] = spot(*sides, threshold=threshold).overall.f1
    return scores


def compare_files(files: Sequence[ScoredIntervals]) -> dict[tuple[str, str], Paired]:
    """Paired tests of F1 one to one over whole subjects, of each pair of files of one truth.

    Empty where fewer than two subjects are known. p is corrected over all pairs (Holm).
    """
    counts = [one.spotting["one_to_one"].by_subject for one in files]
    subjects = sorted(set().union(*counts))
    if len(subjects) < 2:
        return {}
    tests = {}
    arrays = [_make_confusions(one, subjects) for one in counts]
    for first, second in itertools.combinations(range(len(files)), 2):
        tests[files[first].name, files[second].name] = statistics.paired_permutation(
            arrays[first], arrays[second], _score_f1, "F1"
        )
    return statistics.correct_comparisons(tests)


def _find_best_iou(one: Interval, others: Sequence[Interval]) -> float:
    return float(iou([one], others).max()) if others else 0.0


def _make_confusions(
    by_subject: Mapping[str, Counts], subjects: Sequence[str]
) -> NDArray[np.int64]:
    """Counts as matrices `[1, subjects, true, spotted]`; what is neither is not counted."""
    found = np.zeros((1, len(subjects), 2, 2), np.int64)
    for at, subject in enumerate(subjects):
        one = by_subject.get(subject, Counts(0, 0, 0))
        missed, wrong = one.truths - one.matches, one.predictions - one.matches
        found[0, at] = [[one.matches, missed], [wrong, 0]]
    return found


def _score_f1(confusions: NDArray[Any]) -> Scores:
    return {"F1": np.asarray(metrics.f1(confusions)[..., 0])}
