"""All folds at once against refitting: leave one subject out with ridge, LDA and SVMs.

OMP_NUM_THREADS=1 python -m benchmarks.closed_forms
"""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.svm import SVC, LinearSVC
from threadpoolctl import threadpool_limits

import mertk
from benchmarks._clock import medians, show
from mertk_plugins.classifiers.lda import LDA
from mertk_plugins.classifiers.linear_svm import LinearSVM
from mertk_plugins.classifiers.ridge import Ridge
from mertk_plugins.classifiers.svm import SVM

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

CLIPS, FEATURES, PEOPLE = 442, 1568, 68  # 28 x 28 x 2 flow of the composite database of MEGC 2019
CLASSES = ("negative", "positive", "surprise")
SHARES = (250, 109, 83)
REPEATS = 5


def main() -> None:
    """Print one table per classifier: predictions of all held-out clips, and how many agree."""
    warnings.simplefilter("ignore", ConvergenceWarning)  # of LinearSVC's dual
    clips = _clips()
    with threadpool_limits(limits=1):
        _compare(clips, "ridge", lambda: Ridge(alpha=1.0, balanced=False), RidgeClassifier())
        _compare(clips, "lda", lambda: LDA(shrinkage="ledoit_wolf", balanced=False))
        _compare(clips, "linear_svm", lambda: LinearSVM(C=1.0, balanced=False), LinearSVC())
        for kernel in ("linear", "rbf"):
            new = functools.partial(SVM, kernel=kernel, C=1.0, balanced=False)
            _compare(clips, f"svm, {kernel}", new, SVC(kernel=kernel))
        for new in (Ridge, LDA, LinearSVM, SVM):
            _compare(clips, f"{new.__name__}, its strength chosen in the fold", new)


def _compare(
    clips: mertk.TrainingSet[mertk.Streams],
    title: str,
    new: Callable[[], Any],
    reference: Any = None,
) -> None:
    calls: dict[str, Callable[[], NDArray[np.int64]]] = {
        "mertk, all folds at once": functools.partial(_at_once, clips, new),
        "mertk, one fold after the other": functools.partial(_one_by_one, clips, new),
    }
    if reference is not None:
        calls[f"cross_val_predict of {reference}"] = functools.partial(_theirs, clips, reference)
    found = {name: call() for name, call in calls.items()}
    show(f"{title}: {CLIPS} x {FEATURES}, {PEOPLE} folds", medians(calls, REPEATS))
    ours, *others = found.values()
    agree = ", ".join(str(int((ours == other).sum())) for other in others)
    print(f"  the same class for {agree} of {CLIPS} clips")


def _at_once(clips: mertk.TrainingSet[mertk.Streams], new: Callable[[], Any]) -> NDArray[np.int64]:
    splits = mertk.leave_one_subject_out(clips.people)
    rngs = [np.random.default_rng(0) for _ in splits]
    fitted = new().fit_folds(clips, [split.train for split in splits], rngs)
    found = np.empty(CLIPS, np.int64)
    for split, one in zip(splits, fitted, strict=True):
        found[split.test] = [one.predict(clips.inputs[at]).argmax() for at in split.test]
    return found


def _one_by_one(
    clips: mertk.TrainingSet[mertk.Streams], new: Callable[[], Any]
) -> NDArray[np.int64]:
    found = np.empty(CLIPS, np.int64)
    for split in mertk.leave_one_subject_out(clips.people):
        one = new()
        train = mertk.TrainingSet(
            inputs=[clips.inputs[at] for at in split.train],
            labels=clips.labels[split.train],
            people=clips.people[split.train],
            classes=clips.classes,
        )
        one.fit(train, np.random.default_rng(0))
        found[split.test] = [one.predict(clips.inputs[at]).argmax() for at in split.test]
    return found


def _theirs(clips: mertk.TrainingSet[mertk.Streams], reference: Any) -> NDArray[np.int64]:
    rows = mertk.design_matrix(clips.inputs)
    folds = LeaveOneGroupOut()
    return np.asarray(
        cross_val_predict(reference, rows, clips.labels, groups=clips.people, cv=folds)
    )


def _clips() -> mertk.TrainingSet[mertk.Streams]:
    """Noise with a faint signal, skewed classes, and people with few clips and many."""
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.repeat(np.arange(3), SHARES))
    extra = rng.choice(PEOPLE, CLIPS - PEOPLE, p=rng.dirichlet(np.full(PEOPLE, 2.0)))
    who = rng.permutation(np.concatenate([np.arange(PEOPLE), extra]))
    signal = 0.15 * rng.normal(size=(3, FEATURES))
    rows = rng.normal(size=(CLIPS, FEATURES)) + signal[labels]
    rows += 0.5 * rng.normal(size=(PEOPLE, FEATURES))[who]
    return mertk.TrainingSet(
        inputs=[{"flow": row[None].astype(np.float32)} for row in rows / 4],
        labels=labels,
        people=np.array([f"p/{at:02}" for at in who]),
        classes=CLASSES,
    )


if __name__ == "__main__":
    main()
