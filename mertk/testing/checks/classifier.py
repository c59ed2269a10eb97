"""Checks of a classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mertk.testing.checks import common, learning
from mertk.testing.comparison import thaw_arrays
from mertk.testing.outcome import BrokenPromise

if TYPE_CHECKING:
    from mertk.testing.component import ComponentUnderTest


def gives_probabilities(subject: ComponentUnderTest) -> None:
    """It gives probabilities `[classes]` of one clip: finite, not negative, of sum 1."""
    classifier = subject.ready()
    for given in subject.test_inputs:
        learning.check_prediction(classifier.predict(thaw_arrays(given)))


def learns(subject: ComponentUnderTest) -> None:
    """It has `fit`: a classifier without one cannot know the classes."""
    if not hasattr(subject.entry.load(), "fit"):
        raise BrokenPromise("it has no fit(train, rng)")


CHECKS = (*common.DECLARED, learns, *common.RUN, gives_probabilities, *learning.CHECKS)
