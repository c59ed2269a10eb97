"""The agreement of two coders, with values computed by hand and by scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from mertk.datasets.elan import Annotation
from mertk.evaluation.coder_agreement import compute_agreement, compute_kappa


def interval(onset, offset, *, apex=None, label="", au=""):
    return Annotation(video="v", onset=onset, apex=apex, offset=offset, label=label, au=au)


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 3, (2, 40)).tolist()
    assert compute_kappa(first, second) == pytest.approx(cohen_kappa_score(first, second))


def test_kappa_is_not_defined_where_all_answers_are_equal():
    assert compute_kappa([1, 1], [1, 1]) is None
    assert compute_kappa([], []) is None
    assert compute_kappa([1, 2], [1, 2]) == 1


def test_intervals_key_frames_emotions_and_units_are_compared():
    first = [
        interval(0, 20, apex=10, label="fear", au="4"),
        interval(100, 120, apex=110, label="fear", au="4+7"),
        interval(200, 220, apex=210, label="surprise", au="1+2"),
        interval(300, 320, label="surprise"),
        interval(400, 420),
    ]
    second = [
        interval(2, 20, apex=10, label="fear", au="4"),
        interval(99, 124, apex=116, label="Surprise", au="7"),
        interval(200, 221, label="surprise", au="2+1"),
        interval(300, 320, label=""),
        interval(500, 520),
    ]
    found = compute_agreement(first, second)
    assert (found.pairs, len(found.only_first), len(found.only_second)) == (4, 1, 1)
    onset, apex, offset = found.frames
    assert (onset.pairs, onset.median, onset.median_absolute) == (4, 0, 0.5)
    assert onset.within == {1: 0.75, 3: 1, 5: 1}
    assert (apex.pairs, apex.median, apex.within) == (2, 3, {1: 0.5, 3: 0.5, 5: 0.5})
    assert (offset.median, offset.within[3]) == (0.5, 0.75)
    emotion = found.emotion
    # 3 pairs: fear-fear, fear-surprise, surprise-surprise: observed 2/3, by chance 4/9
    assert (emotion.pairs, emotion.observed) == (3, pytest.approx(2 / 3))
    assert emotion.kappa == pytest.approx(0.4)
    units = {one.label: (one.first, one.second, one.kappa) for one in found.units}
    assert units["AU4"] == (2, 1, pytest.approx(0.4))
    assert units["AU1"] == (1, 1, 1)
    assert units["AU7"] == (1, 1, 1)
    assert compute_agreement([], []).frames[0].median is None
