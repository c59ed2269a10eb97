"""The five probes, and the audit that runs them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.audit.case import Case, Opened
from mertk.audit.chance_band import ALPHA, DRAWS, Band, compute_band
from mertk.audit.clip_facts import NAMES, TIMING, WITHOUT_MEANING
from mertk.audit.null_labels import LAWS
from mertk.audit.verdict import Audit, Verdict
from mertk.audit.worker import run_in_fresh_process

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mertk.core.progress import Progress

PROBES = ("perturbation", "noise", "permuted", "identity", "dataset")


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
    special: Mapping[str, Callable[[Opened], dict[str, Any]]] = {
        "perturbation": partial(_probe_perturbation, folds=folds),
        "dataset": _probe_dataset,
    }
    if progress:
        progress.stage(f"audit of {case.name}", len(probes))

    def run(probe: str) -> Verdict:
        start = time.perf_counter()
        found = special[probe](opened) if probe in special else _of_score(opened, probe=probe)
        if progress:
            progress.step(probe)
        return Verdict(**found, probe=probe, seconds=round(time.perf_counter() - start, 1))

    with ThreadPoolExecutor(jobs) as pool:  # the work is done in processes of its own
        try:
            verdicts = tuple(pool.map(run, probes))
        except BaseException:  # an interrupt, too, begins no probe that is waiting
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    people = len(set(task.sample.people.tolist()))
    return Audit(
        case.name, opened.protocol.name, len(task.clips), people, len(task.splits), verdicts
    )


def _of_score(opened: Opened, *, probe: str) -> dict[str, Any]:
    """A score on clips or labels without signal, held against its chance band.

    Folds share most of their training clips, so one draw of labels can lie outside by more than
    its chance. What is outside is therefore drawn again, and is a leak if it always is.
    """
    banded = _make_band_test(opened, probe)
    for draw in range(1, _DRAWS + 1):
        found = run_in_fresh_process(
            opened.case, "scored", probe=probe, draw=draw, places=draw == _DRAWS
        )
        whole = banded(found["predicted"], found["truth"])
        if whole.p >= ALPHA:
            blind = banded(found["truth"], found["truth"]).p >= ALPHA
            how = _BLIND if blind else _WITHIN
            return {"leak": "", "how": how, "tested": not blind, **_format_band(whole)}
    guesses = {place: banded(guess, found["truth"]) for place, guess in found["guesses"].items()}
    telling = [place for place, guess in guesses.items() if guess.p < ALPHA]
    leak, where = "classifier", "features do not predict held-out labels, but the classifier does"
    if telling:
        leak, where = telling[0], f"the output of {telling[0]} predicts held-out labels"
    return {"leak": leak, "how": f"{_MEANING[probe]}; {where}", **_format_band(whole)}


_DRAWS = 3
_WITHIN = "within the chance band"
_BLIND = "nothing is tested: with so few people, even a perfect score is within the band"
_MEANING = {
    "noise": "scores above the chance band on noise with random labels",
    "permuted": "scores above the chance band on labels shuffled within people",
    "identity": "scores above the chance band where only people differ: it knows held-out people",
}


def _make_band_test(opened: Opened, law: str) -> Callable[[ArrayLike, ArrayLike], Band]:
    """Holds predictions and their truth, both of all clips, against what a law's labels score."""
    task, score = opened.task, opened.rules.score
    tested = np.concatenate([split.test for split in task.splits])
    drawn = LAWS[law].draw(task.sample, np.random.default_rng(0), DRAWS)[:, tested]

    def of(predicted: ArrayLike, truth: ArrayLike) -> Band:
        said, true = np.asarray(predicted)[tested], np.asarray(truth)[tested]
        return compute_band(said, true, drawn, score, len(task.sample.classes))

    return of


def _format_band(band: Band) -> dict[str, float]:
    return {"score": band.score, "low": band.low, "high": band.high, "p": band.p}


def _probe_perturbation(opened: Opened, *, folds: int) -> dict[str, Any]:
    """One held-out clip or its label is changed; no other number may change by a bit.

    The folds with most held-out clips are looked at: where there is but one, no other can change.
    """
    splits = opened.task.splits
    for fold in sorted(range(len(splits)), key=lambda at: -len(splits[at].test))[:folds]:
        run = partial(run_in_fresh_process, opened.case, "traced", fold=fold)
        alone = run(before="nothing")
        for what, options in _RUNS.items():
            other = run(**options)
            place = first_difference(alone["trace"], other["trace"])
            if place is not None:
                once_more = first_difference(alone["trace"], run(before="nothing")["trace"])
                why = what if once_more is None else _UNREPEATABLE
                how = f"fold '{splits[fold].name}': the output of {once_more or place} {why}"
                return {"leak": once_more or place, "how": how}
            for place, deed in {**alone["files"], **other["files"]}.items():
                return {"leak": place, "how": f"fold '{splits[fold].name}': {place} {deed}"}
    return {"leak": "", "how": "bit-identical except for the changed clip"}


_RUNS: Mapping[str, Mapping[str, Any]] = {
    "depends on earlier clips or folds": {"before": "everything"},
    "changes with the pixels of a held-out clip": {"before": "a fold", "disturb": "pixels"},
    "changes with the label of a held-out clip": {"before": "a fold", "disturb": "label"},
}
_UNREPEATABLE = "differs from run to run: it uses random numbers that are not from `rng`"


def first_difference(
    one: Mapping[str, Mapping[str, str]], other: Mapping[str, Mapping[str, str]]
) -> str | None:
    """The first place of the line at which two traces differ, or None."""
    return next((place for place, clips in one.items() if other.get(place) != clips), None)


def _probe_dataset(opened: Opened) -> dict[str, Any]:
    """No two people may share footage, and no label may be told without looking at a face.

    Timing may well have to do with labels, so it is a leak only where nearly all are told; others,
    such as a pixel's lowest bit, have nothing to do with a face and are one wherever they tell.
    """
    found = run_in_fresh_process(opened.case, "inspected")
    truth, banded = opened.task.sample.labels, _make_band_test(opened, "permuted")
    told = {
        fact: max((banded(labels, truth) for labels in by.values()), key=lambda one: one.score)
        for fact, by in found["told"].items()
        if by
    }
    telling = {fact: one for fact, one in told.items() if one.p < _CERTAIN}
    leaks = [fact for fact, one in telling.items() if _is_leak(fact, one)]
    said = [
        f"the label can be predicted from {fact} ({one.score:.3f}, chance band to {one.high:.3f})"
        for fact, one in telling.items()
    ]
    for what, meaning in _PAIRS.items():
        if found[what]:
            one, other = found[what][0]
            leaks.append(what)
            said.insert(0, f"{len(found[what])} {meaning}, such as {one} and {other}")
    if not leaks:
        said.insert(0, "no footage has two names")
    if not telling:
        said.append(f"the label cannot be predicted from {', '.join(told)}")
    shown = max((telling or told).values(), key=lambda one: one.score, default=None)
    usual = found["told"][TIMING].get("class mean")
    if usual and not telling:
        shown = banded(usual, truth)
    return {
        "leak": "dataset" if leaks else "",
        "how": "; ".join(said),
        **(_format_band(shown) if shown else {}),
    }


def _is_leak(fact: str, told: Band) -> bool:
    """Names of files are handed to no component; whether one looks at them, other probes see."""
    return fact != NAMES and (fact in WITHOUT_MEANING or told.score >= _TELLING)


_TELLING = 0.9
_CERTAIN = 1 / DRAWS
"""The share of chance of a fact that is said to tell: several facts and learners are tried."""
_PAIRS = {
    "prints": "pairs of different clips have the same fingerprint",
    "people": "pairs of clips of different people show the same picture",
}
