"""The five probes, the audit that runs them, and what they find."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from mertk.audit.case import Case, Opened
from mertk.audit.chance_band import ALPHA, DRAWS, Band, compute_band
from mertk.audit.clip_facts import NAMES, TIMING, WITHOUT_MEANING
from mertk.audit.null_labels import LAWS
from mertk.audit.worker import run_in_fresh_process
from mertk.core.progress import Progress

PROBES = ("perturbation", "noise", "permuted", "identity", "dataset")

Outcome = Literal["passed", "leak", "inconclusive"]

CANNOT_SEE = (
    "a component that behaves differently during an audit",
    "leaks that only real clips trigger: a table of their labels, weights trained on them",
    "state that leaks only after more clips or folds than the audit runs",
    "files that a C library or another program writes outside the private folders",
    "parameters that a person chose by the scores of the same folds",
    "one person recorded under two names",
)
"""Leaks that no probe can find."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One probe: `leak` names the place that leaks, empty where none does; `how` says how it shows.

    `tested` is false where the probe could not have found one: then it says nothing.
    `score`, `low` and `high` are the probe's score and its chance band, where it has one; `p` is
    the probability of such a score without a leak.
    """

    probe: str
    leak: str
    how: str
    tested: bool = True
    score: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Audit:
    """All probes of one model."""

    model: str
    protocol: str
    clips: int
    people: int
    folds: int
    verdicts: tuple[Verdict, ...]

    @property
    def outcome(self) -> Outcome:
        """`leak` where a probe found one, `inconclusive` where none could have, else `passed`."""
        if any(verdict.leak for verdict in self.verdicts):
            return "leak"
        return "passed" if any(verdict.tested for verdict in self.verdicts) else "inconclusive"

    @property
    def passed(self) -> bool:
        """Whether something was tested, and no probe found a leak."""
        return self.outcome == "passed"

    def to_json(self) -> Mapping[str, Any]:
        """Plain data."""
        return {
            **asdict(self),
            "passed": self.passed,
            "outcome": self.outcome,
            "cannot_see": list(CANNOT_SEE),
        }


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
        found = special[probe](opened) if probe in special else _probe_score(opened, probe=probe)
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


def _probe_score(opened: Opened, *, probe: str) -> dict[str, Any]:
    """A score on clips or labels without signal, compared with its chance band.

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
            return {"leak": "", "how": how, "tested": not blind, **asdict(whole)}
    leak, where = "classifier", "features do not predict held-out labels, but the classifier does"
    for place, guess in found["guesses"].items():
        if banded(guess, found["truth"]).p < ALPHA:
            leak, where = place, f"the output of {place} predicts held-out labels"
            break
    return {"leak": leak, "how": f"{_MEANING[probe]}; {where}", **asdict(whole)}


_DRAWS = 3
_WITHIN = "within the chance band"
_BLIND = "nothing is tested: with so few people, even a perfect score is within the band"
_MEANING = {
    "noise": "scores above the chance band on noise with random labels",
    "permuted": "scores above the chance band on labels shuffled within people",
    "identity": "scores above the chance band where only people differ: it knows held-out people",
}


def _make_band_test(opened: Opened, law: str) -> Callable[[ArrayLike, ArrayLike], Band]:
    """Compares predictions for all clips with their truth and with labels that a law draws."""
    task, score = opened.task, opened.rules.score
    tested = np.concatenate([split.test for split in task.splits])
    drawn = LAWS[law].draw(task.sample, np.random.default_rng(0), DRAWS)[:, tested]

    def of(predicted: ArrayLike, truth: ArrayLike) -> Band:
        guess, true = np.asarray(predicted)[tested], np.asarray(truth)[tested]
        return compute_band(guess, true, drawn, score, len(task.sample.classes))

    return of


def _probe_perturbation(opened: Opened, *, folds: int) -> dict[str, Any]:
    """One held-out clip or its label is changed; no other number may change by a bit.

    The folds with most held-out clips are used: where there is one clip, no other can change.
    """
    splits = opened.task.splits
    for fold in sorted(range(len(splits)), key=lambda at: -len(splits[at].test))[:folds]:
        run = partial(run_in_fresh_process, opened.case, "traced", fold=fold)
        alone = run(before="nothing")
        for what, options in _RUNS.items():
            other = run(**options)
            place = find_first_difference(alone["trace"], other["trace"])
            if place is not None:
                once_more = find_first_difference(alone["trace"], run(before="nothing")["trace"])
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


def find_first_difference(
    one: Mapping[str, Mapping[str, str]], other: Mapping[str, Mapping[str, str]]
) -> str | None:
    """The first place of the pipeline at which two traces differ, or None."""
    return next((place for place, clips in one.items() if other.get(place) != clips), None)


def _probe_dataset(opened: Opened) -> dict[str, Any]:
    """No two people may share footage, and no label may be predicted without looking at a face.

    Timing may well have to do with labels, so it is a leak only where it predicts nearly all. Other
    facts, such as a pixel's lowest bit, have nothing to do with a face: they must predict nothing.
    """
    found = run_in_fresh_process(opened.case, "inspected")
    truth, banded = opened.task.sample.labels, _make_band_test(opened, "permuted")
    best, telling, leaks, reasons = {}, {}, [], []
    for fact, by_learner in found["predicted"].items():
        if not by_learner:
            continue
        bands = [banded(labels, truth) for labels in by_learner.values()]
        best[fact] = band = max(bands, key=lambda one: one.score)
        if band.p < _CERTAIN:
            telling[fact] = band
            reasons.append(
                f"the label can be predicted from {fact} ({band.score:.3f}, chance band to "
                f"{band.high:.3f})"
            )
            # no component is handed names of files; whether one looks at them, other probes see
            if fact in WITHOUT_MEANING or (fact != NAMES and band.score >= _TELLING):
                leaks.append(fact)
    for what, meaning in _PAIRS.items():
        if found[what]:
            one, other = found[what][0]
            leaks.append(what)
            reasons.insert(0, f"{len(found[what])} {meaning}, such as {one} and {other}")
    if not leaks:
        reasons.insert(0, "no footage has two names")
    if not telling:
        reasons.append(f"the label cannot be predicted from {', '.join(best)}")
    best_band = max((telling or best).values(), key=lambda one: one.score, default=None)
    usual = found["predicted"][TIMING].get("class mean")
    if usual and not telling:
        best_band = banded(usual, truth)
    return {
        "leak": "dataset" if leaks else "",
        "how": "; ".join(reasons),
        **(asdict(best_band) if best_band else {}),
    }


_TELLING = 0.9
_CERTAIN = 1 / DRAWS
"""The p-value below which a fact predicts labels: several facts and learners are tried."""
_PAIRS = {
    "prints": "pairs of different clips have the same fingerprint",
    "people": "pairs of clips of different people show the same picture",
}
