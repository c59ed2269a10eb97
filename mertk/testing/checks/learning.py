"""Checks of components that learn; they do not apply to a component without `fit`."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import ComponentError
from mertk.core.interfaces import FitsFolds
from mertk.pipeline.pipeline import check_probabilities
from mertk.testing.comparison import (
    arrays_of,
    check_same,
    freeze_arrays,
    thaw_arrays,
)
from mertk.testing.inputs import CLASSES, TRAINED, make_training_set
from mertk.testing.outcome import BrokenPromise, DoesNotApply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from mertk.core.clips import TrainingSet
    from mertk.testing.component import ComponentUnderTest

_TOLERANCE = 1e-3


def random_numbers_from_rng(subject: ComponentUnderTest) -> None:
    """Random numbers come from `rng` alone: no other generator's state matters."""
    _needs_fit(subject)
    component = subject.build()
    train = subject.train()
    before = random.getstate(), np.random.get_state()  # noqa: NPY002  the states that must not matter
    try:
        _disturb_generators()
        component.fit(train, np.random.default_rng(0))
        _disturb_generators()
        found = subject.compute(component)
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
    check_same(subject.usual, found, "the result changes with a generator that is not `rng`")


def forgets_the_first_fit(subject: ComponentUnderTest) -> None:
    """Fitted twice, it gives what the second fit alone gives."""
    _needs_fit(subject)
    component = subject.build()
    train = subject.train()
    other = subject.train(inputs=train.inputs[::-1], labels=np.roll(train.labels, 1))
    component.fit(other, np.random.default_rng(1))
    component.fit(subject.train(), np.random.default_rng(0))
    check_same(subject.usual, subject.compute(component), "a second fit remembers the first")


def fit_leaves_inputs_alone(subject: ComponentUnderTest) -> None:
    """`fit` neither changes the training clips, labels and people nor needs to."""
    _needs_fit(subject)
    train = subject.train()
    subject.build().fit(train, np.random.default_rng(0))
    before, after = _collect_parts(subject.train()), _collect_parts(train)
    check_same(arrays_of(before), arrays_of(after), "fit changes the training part")
    frozen = make_training_set(subject.registry, **freeze_arrays(after))
    try:
        subject.build().fit(frozen, np.random.default_rng(0))
    except Exception as error:
        raise BrokenPromise(
            f"fit cannot do with read-only arrays: {type(error).__name__}: {error}"
        ) from error


def fits_one_class(subject: ComponentUnderTest) -> None:
    """Training clips may all be of one class."""
    _needs_fit(subject)
    _check_fit(subject, subject.train(labels=np.zeros_like(subject.train().labels)))


def fits_without_a_class(subject: ComponentUnderTest) -> None:
    """Some class may have no training clip."""
    _needs_fit(subject)
    _check_fit(subject, _select_rows(subject.train(), np.flatnonzero(subject.train().labels != 1)))


def fits_one_clip(subject: ComponentUnderTest) -> None:
    """A single training clip is enough to run, or is refused with a `ComponentError`."""
    _needs_fit(subject)
    if subject.needs_many_clips:
        raise DoesNotApply(
            f"it needs more than {TRAINED} training clips, and a fold with fewer fails: say so in "
            "its documentation"
        )
    try:
        _check_fit(subject, _select_rows(subject.train(), np.array([0])))
    except ComponentError as refusal:
        raise DoesNotApply(f"it refuses a single clip: {refusal}") from refusal


def folds_at_once(subject: ComponentUnderTest) -> None:
    """`fit_folds` gives for each fold what `fit` gives, but for rounding."""
    _needs_fit(subject)
    if not isinstance(subject.build(), FitsFolds):
        raise DoesNotApply("it has no fit_folds")
    whole, folds = subject.train(), [np.array([0, 1, 2, 4, 5]), np.array([0, 2, 3, 4])]
    rngs = list(map(np.random.default_rng, range(len(folds))))
    together = subject.build().fit_folds(whole, folds, rngs)
    for at, (fold, component) in enumerate(zip(folds, together, strict=True)):
        alone = subject.build()
        alone.fit(_select_rows(subject.train(), fold), np.random.default_rng(at))
        one, other = subject.compute(alone), subject.compute(component)
        check_close(one, other, "fit_folds", "fit")


def check_prediction(found: Any) -> None:
    """Raise `BrokenPromise` for anything but probabilities."""
    try:
        check_probabilities(found, len(CLASSES), "it")
    except (ComponentError, TypeError, ValueError) as error:
        raise BrokenPromise(str(error)) from error


def check_close(
    one: Mapping[str, NDArray[Any]],
    other: Mapping[str, NDArray[Any]],
    method: str,
    reference: str,
) -> None:
    """Raise `BrokenPromise` where the results of two methods differ by more than rounding."""
    if one.keys() != other.keys():
        raise BrokenPromise(f"{method} gives {sorted(other)}, {reference} gives {sorted(one)}")
    for name, array in one.items():
        if array.shape != other[name].shape:
            raise BrokenPromise(f"{method} and {reference} differ in the shape of {name}")
        if not np.allclose(array, other[name], rtol=_TOLERANCE, atol=_TOLERANCE):
            off = np.abs(array - other[name]).max()
            raise BrokenPromise(f"{method} differs from {reference} by up to {off:.2g}")


def _needs_fit(subject: ComponentUnderTest) -> None:
    if not subject.learns:
        raise DoesNotApply("it does not learn: it has no fit")


def _disturb_generators() -> None:
    """Move the state of every generator that a process shares."""
    random.seed(random.random())  # noqa: S311
    np.random.seed(random.randrange(2**32))  # noqa: NPY002, S311
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(random.randrange(2**32))  # noqa: S311


def _check_fit(subject: ComponentUnderTest, train: TrainingSet[Any]) -> None:
    component = subject.build()
    component.fit(train, np.random.default_rng(0))
    for name, array in subject.compute(component).items():
        if not np.isfinite(array).all():
            raise BrokenPromise(f"it then gives {name or 'numbers'} that are not finite")
    if subject.kind == "classifier":
        check_prediction(component.predict(thaw_arrays(subject.test_inputs[-1])))


def _select_rows(train: TrainingSet[Any], rows: NDArray[np.int64]) -> TrainingSet[Any]:
    return type(train)(
        inputs=[train.inputs[at] for at in rows],
        labels=train.labels[rows],
        people=train.people[rows],
        classes=CLASSES,
    )


def _collect_parts(train: TrainingSet[Any]) -> dict[str, Any]:
    return {"inputs": tuple(train.inputs), "labels": train.labels, "people": train.people}


CHECKS = (
    random_numbers_from_rng,
    forgets_the_first_fit,
    fit_leaves_inputs_alone,
    fits_one_class,
    fits_without_a_class,
    fits_one_clip,
    folds_at_once,
)
