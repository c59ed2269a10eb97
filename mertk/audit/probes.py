"""The four probes, and the audit that runs them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.audit.case import Case, Opened
from mertk.audit.chance import ALPHA, Band, band
from mertk.audit.laws import LAWS
from mertk.audit.verdict import Audit, Verdict
from mertk.audit.worker import ask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.harness.progress import Progress

PROBES = ("perturbation", "noise", "permuted", "identity")


def audit(
    case: Case,
    *,
    probes: Sequence[str] = PROBES,
    folds: int = 2,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Audit:
    """Look for leaks: `folds` are disturbed by the perturbation probe, `jobs` probes run at once.

    Raises `ComponentError` where the recipe fails on a probe's clips.
    """
    opened = Opened(case)
    task = opened.task
    if progress:
        progress.stage(f"audit of {case.name}", len(probes))

    def run(probe: str) -> Verdict:
        start = time.perf_counter()
        found = _PROBES.get(probe, partial(_of_score, probe=probe))(opened, folds=folds)
        if progress:
            progress.step(probe)
        return Verdict(**found, probe=probe, seconds=round(time.perf_counter() - start, 1))

    with ThreadPoolExecutor(jobs) as pool:  # the work is done in processes of its own
        verdicts = tuple(pool.map(run, probes))
    people = len(set(task.sample.people.tolist()))
    return Audit(
        case.name, case.protocol["name"], len(task.clips), people, len(task.splits), verdicts
    )


def _of_score(opened: Opened, *, probe: str, folds: int) -> dict[str, Any]:  # noqa: ARG001
    """A score on clips or labels without signal, held against its chance band.

    Folds share most of their training clips, so one draw of labels can lie outside by more than
    its chance. What is outside is therefore drawn again, and is a leak if it always is.
    """
    for draw in range(1, _DRAWS + 1):
        found = ask(opened.case, "scored", probe=probe, draw=draw)
        bands = _bands(opened, probe, np.asarray(found["truth"], np.int64))
        whole = bands(np.asarray(found["predicted"], np.int64))
        said = {"score": whole.score, "low": whole.low, "high": whole.high, "p": whole.p}
        if whole.p >= ALPHA:
            return {"leak": "", "how": "within the chance band", **said}
    guesses = {p: bands(np.asarray(g, np.int64)) for p, g in found["guesses"].items()}
    leak = next((place for place, guess in guesses.items() if guess.p < ALPHA), "classifier")
    where = (
        f"held-out labels can be told from what comes out of {leak}"
        if leak in guesses
        else "its features do not tell held-out labels, but its classifier does"
    )
    return {"leak": leak, "how": f"{_MEANING[probe]}; {where}", **said}


_DRAWS = 3
_MEANING = {
    "noise": "scores above chance on noise with labels at random",
    "permuted": "scores above chance on labels shuffled within people",
    "identity": "scores above chance where only people differ: it knows held-out people",
}


def _bands(
    opened: Opened, probe: str, truth: NDArray[np.int64]
) -> Callable[[NDArray[np.int64]], Band]:
    sample = opened.task.sample
    law = partial(LAWS[probe].draw, sample)
    classes = len(sample.classes)
    return lambda predicted: band(predicted, truth, law, opened.rules.score, classes)


def _perturbation(opened: Opened, *, folds: int) -> dict[str, Any]:
    """One held-out clip or its label is changed; no other number may change by a bit."""
    total = len(opened.task.splits)
    for fold in sorted({round(at) for at in np.linspace(0, total - 1, folds)}):
        alone = ask(opened.case, "traced", fold=fold, warm=False)
        for what, options in _RUNS.items():
            other = ask(opened.case, "traced", fold=fold, **options)
            place = first_difference(alone, other)
            if place is not None:
                name = opened.task.splits[fold].name
                return {"leak": place, "how": f"fold '{name}': what comes out of {place} {what}"}
    return {"leak": "", "how": "bit-identical but for the disturbed clip"}


_RUNS: Mapping[str, Mapping[str, Any]] = {
    "depends on the folds that ran before: state outlives a fold": {"warm": True},
    "changes with the pixels of a held-out clip": {"warm": True, "disturb": "pixels"},
    "changes with the label of a held-out clip": {"warm": True, "disturb": "label"},
}
_PROBES: Mapping[str, Callable[..., dict[str, Any]]] = {"perturbation": _perturbation}


def first_difference(
    one: Mapping[str, Mapping[str, str]], other: Mapping[str, Mapping[str, str]]
) -> str | None:
    """The first place of the line at which two traces differ, or None."""
    return next((place for place, clips in one.items() if other.get(place) != clips), None)
