"""The agreement of two coders on intervals, key frames, emotions and action units."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mertk.datasets.elan import Annotation
from mertk.datasets.interval_annotations import list_units, match_annotations

Pairs = Sequence[tuple["Annotation", "Annotation"]]


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """Cohen's kappa of one label over the pairs that both coders labelled.

    `kappa` is None where both coders gave the same answer to all pairs: then it is not defined.
    `first` and `second` are how many pairs each coder gave the label.
    """

    label: str
    pairs: int
    first: int
    second: int
    observed: float
    kappa: float | None


@dataclass(frozen=True, slots=True)
class FrameAgreement:
    """Differences of one key frame in frames, second less first coder.

    `median` is that of the differences, `median_absolute` that of their sizes; `within` is the
    share of pairs that differ by so many frames at most. Both are None without a pair.
    """

    key_frame: str
    pairs: int
    median: float | None
    median_absolute: float | None
    within: dict[int, float]


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of two coders; pairs are intervals with an IoU of `least` or more."""

    least: float
    pairs: int
    only_first: tuple[Annotation, ...]
    only_second: tuple[Annotation, ...]
    emotion: LabelAgreement
    emotions: tuple[LabelAgreement, ...]
    units: tuple[LabelAgreement, ...]
    frames: tuple[FrameAgreement, ...]


def compute_agreement(
    first: Sequence[Annotation],
    second: Sequence[Annotation],
    *,
    least: float = 0.5,
    within: Sequence[int] = (1, 3, 5),
) -> Agreement:
    """Compare the intervals of two coders of the same videos.

    Args:
        first: the intervals of one coder.
        second: those of the other.
        least: the least IoU of two intervals that are the same expression.
        within: numbers of frames, of which the share of pairs that differ by no more is given.

    Returns:
        Kappa of emotions and action units, and differences of key frames, over the pairs.
    """
    pairs, alone = [], ([], [])  # type: ignore[var-annotated]
    for one, other in match_annotations(first, second, least):
        if one and other:
            pairs.append((one, other))
        elif one:
            alone[0].append(one)
        else:
            alone[1].append(other)
    return Agreement(
        least,
        len(pairs),
        tuple(alone[0]),
        tuple(alone[1]),
        *_compare_emotions(pairs),
        _compare_units(pairs),
        tuple(_compare_frames(pairs, name, within) for name in ("onset", "apex", "offset")),
    )


def compute_kappa(first: Sequence[object], second: Sequence[object]) -> float | None:
    """Cohen's kappa (Cohen 1960); None where chance agreement is complete, or without answers.

    Args:
        first: the answers of one coder.
        second: those of the other to the same items.

    Returns:
        1 for full agreement, 0 for that of chance.
    """
    if not first:
        return None
    observed, expected = float(np.mean([a == b for a, b in zip(first, second, strict=True)])), 0.0
    for answer in {*first, *second}:
        expected += first.count(answer) / len(first) * second.count(answer) / len(second)
    return None if expected > 1 - 1e-12 else (observed - expected) / (1 - expected)


def _compare_emotions(pairs: Pairs) -> tuple[LabelAgreement, tuple[LabelAgreement, ...]]:
    """Over all emotions, and of each emotion against the others."""
    given = []
    for one, other in pairs:
        if one.label and other.label:
            given.append((one.label.strip().lower(), other.label.strip().lower()))
    first, second = [a for a, _ in given], [b for _, b in given]
    observed = float(np.mean([a == b for a, b in given])) if given else 0.0
    kappa = compute_kappa(first, second)
    overall = LabelAgreement("emotion", len(given), len(given), len(given), observed, kappa)
    each = []
    for emotion in sorted({*first, *second}):
        answers = [name == emotion for name in first], [name == emotion for name in second]
        each.append(_compare_answers(emotion, *answers))
    return overall, tuple(each)


def _compare_units(pairs: Pairs) -> tuple[LabelAgreement, ...]:
    """Of each action unit, over the pairs in which both coders coded action units."""
    given = []
    for one, other in pairs:
        units = list_units(one.au), list_units(other.au)
        if units[0] is not None and units[1] is not None:
            given.append((units[0], units[1]))
    found = []
    for unit in sorted({unit for both in given for side in both for unit in side}):
        answers = [unit in a for a, _ in given], [unit in b for _, b in given]
        found.append(_compare_answers(f"AU{unit}", *answers))
    return tuple(found)


def _compare_answers(label: str, first: list[bool], second: list[bool]) -> LabelAgreement:
    observed = float(np.mean([a == b for a, b in zip(first, second, strict=True)]))
    kappa = compute_kappa(first, second)
    return LabelAgreement(label, len(first), sum(first), sum(second), observed, kappa)


def _compare_frames(pairs: Pairs, name: str, within: Sequence[int]) -> FrameAgreement:
    gaps = []
    for one, other in pairs:
        frames = getattr(one, name), getattr(other, name)
        if None not in frames:
            gaps.append(frames[1] - frames[0])
    if not gaps:
        return FrameAgreement(name, 0, None, None, {})
    sizes = np.abs(gaps)
    shares = {number: float((sizes <= number).mean()) for number in within}
    return FrameAgreement(name, len(gaps), float(np.median(gaps)), float(np.median(sizes)), shares)
