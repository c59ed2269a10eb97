"""What a protocol says of the clips, as numbers: one class a clip, or any number of classes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import ProtocolError
from mertk.core.offers import get_offer
from mertk.core.spelling import check_spelling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.interfaces import EvaluationProtocol
    from mertk.core.recipe import Use


@dataclass(frozen=True, slots=True, eq=False)
class NumberedLabels:
    """Labels of all clips that count; `texts` `[clips]` are what the clip list says of them.

    `numbers` `[clips]` index into `classes`; multi-label ones are `[clips, classes]` of 0 and 1.
    """

    classes: tuple[str, ...]
    texts: Sequence[str]
    numbers: NDArray[np.int64]

    @classmethod
    def of(cls, protocol: Use, rules: EvaluationProtocol, given: Sequence[Any]) -> NumberedLabels:
        """Number what `label` gave; raises `ProtocolError` where it cannot be scored.

        So it does where classes differ in spelling alone.
        """
        if get_offer("protocol", rules, "multilabel"):
            return _number_label_sets(protocol, given, tuple(rules.classes))
        return _number_single_labels(
            protocol, given, tuple(rules.classes) or tuple(sorted(set(given)))
        )


def _number_single_labels(
    protocol: Use, labels: Sequence[str], classes: tuple[str, ...]
) -> NumberedLabels:
    if len(classes) < 2:
        raise ProtocolError(f"protocol '{protocol}' finds only the class '{classes[0]}'")
    _check_known(protocol, labels, classes)
    absent = [name for name in classes if name not in labels]
    if absent:
        raise ProtocolError(
            f"protocol '{protocol}' scores the classes {', '.join(classes)}, but no clip is "
            f"'{absent[0]}': UF1 and UAR over them are not defined. Choose a protocol that "
            "fits, such as loso"
        )
    numbers = np.asarray([classes.index(label) for label in labels], np.int64)
    return NumberedLabels(classes, labels, numbers)


def _number_label_sets(
    protocol: Use, given: Sequence[Collection[str]], classes: tuple[str, ...]
) -> NumberedLabels:
    if not classes:
        raise ProtocolError(f"protocol '{protocol}' is multi-label and must fix its `classes`")
    for labels in given:
        if isinstance(labels, str):
            raise ProtocolError(
                f"protocol '{protocol}' is multi-label, but `label` gave '{labels}'; it must give "
                "a collection of class names"
            )
        _check_known(protocol, labels, classes)
    numbers = np.asarray([[name in labels for name in classes] for labels in given], np.int64)
    counts = numbers.sum(axis=0)
    for name, count in zip(classes, counts.tolist(), strict=True):
        if count in (0, len(given)):
            raise ProtocolError(
                f"protocol '{protocol}' scores '{name}', which {count} of {len(given)} clips show: "
                "its F1 is not defined. Leave it out of the protocol's classes"
            )
    texts = ["+".join(name for name in classes if name in labels) for labels in given]
    return NumberedLabels(classes, texts, numbers)


def _check_known(protocol: Use, labels: Collection[str], classes: tuple[str, ...]) -> None:
    check_spelling("classes", [*classes, *labels], ProtocolError, f"protocol '{protocol}'")
    unknown = sorted(set(labels) - set(classes))
    if unknown:
        raise ProtocolError(f"protocol '{protocol}': label '{unknown[0]}' is not in {classes}")
