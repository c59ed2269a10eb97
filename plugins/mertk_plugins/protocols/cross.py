"""Any databases against any others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mertk
from mertk.core import metrics
from mertk_plugins.protocols._databases import across_databases
from mertk_plugins.protocols._mapped import IN_THREE, THREE, is_micro, keep_words, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

_IN_THREE = {**IN_THREE, "repression": "negative", **keep_words(*THREE)}


class CrossDatabase:
    """Train on some databases, test on others; by default each one against all others.

    Each tested database is a fold of its own. No published list belongs to it.

    Args:
        train: names of the data sets that are trained on, such as `["casme2"]`; null trains on all
            but the one that is tested.
        test: names of the data sets that are tested, such as `["samm"]`; null tests all that are
            not in `train`.
        column: field of the clips' records that holds the label.
        class_of: text in `column` → class; clips with another text are left out. Null maps emotions
            to negative, positive and surprise, and leaves out others and tense.
    """

    tests_all = False

    def __init__(
        self,
        *,
        train: list[str] | None = None,
        test: list[str] | None = None,
        column: str = "emotion",
        class_of: dict[str, str] | None = None,
    ) -> None:
        self._train, self._test = train or [], test or []
        self._column = column
        self._class_of = _IN_THREE if class_of is None else class_of
        self.classes = tuple(dict.fromkeys(self._class_of.values()))
        if len(self.classes) < 2:
            raise ValueError(f"class_of={class_of} needs at least two classes")

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets that it names; empty: any."""
        return tuple(dict.fromkeys([*self._train, *self._test]))

    def label(self, clip: mertk.Clip, /) -> str | None:
        """The class of the column's text; None where it has none, or the data set no part."""
        named = self._test and self._train
        if (named and clip.dataset not in self.datasets) or not is_micro(clip):
            return None
        return self._class_of.get(text_of(clip, self._column))

    def splits(self, clips: Sequence[mertk.Clip], /) -> Iterable[mertk.Split]:
        """One fold per tested database, named after it."""
        return across_databases(clips, train=self._train, test=self._test)

    def score(self, confusion: NDArray[np.floating[Any]], /) -> Mapping[str, NDArray[Any]]:
        """UF1, UAR and accuracy."""
        return metrics.standard_scores(confusion)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.protocol("cross", CrossDatabase)
