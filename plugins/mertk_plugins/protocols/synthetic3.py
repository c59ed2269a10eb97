"""The protocol of the synthetic set: three classes, leave one subject out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mertk
from mertk.core import metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


class Synthetic3:
    """Synthetic clips as negative, positive or surprise, leaving one subject out."""

    datasets = ("synthetic",)
    classes = ("negative", "positive", "surprise")

    def label(self, clip: mertk.Clip, /) -> str | None:
        """The class that the generator wrote down."""
        found = str(clip.record.get("label"))
        return found if found in self.classes else None

    def splits(self, clips: Sequence[mertk.Clip], /) -> Iterable[mertk.Split]:
        """One fold per synthetic person."""
        return mertk.leave_one_subject_out([clip.person for clip in clips])

    def score(self, confusion: NDArray[np.floating[Any]], /) -> Mapping[str, NDArray[Any]]:
        """UF1, UAR and accuracy."""
        return metrics.standard_scores(confusion)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("synthetic3", Synthetic3)
