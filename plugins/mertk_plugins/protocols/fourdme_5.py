"""4DME in its five emotions, several of them a clip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mertk
from mertk.core import metrics
from mertk.core.clip_lists import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


class FourDMEAsFive:
    """4DME's positive, negative, surprise, repression and others, any of them; LOSO.

    267 clips, of which some are, say, surprise and positive. People who came twice are one.
    """

    multilabel = True
    datasets = ("fourdme",)
    classes = ("positive", "negative", "surprise", "repression", "others")
    manifests = (Manifest(counts={"fourdme": {}}, clips={"fourdme": 267}),)

    def label(self, clip: mertk.Clip, /) -> frozenset[str] | None:
        """The clip's emotions; None where it has none of the five."""
        if clip.dataset not in self.datasets:
            return None
        return frozenset(clip.record.get("emotions", ())) & set(self.classes) or None

    def splits(self, clips: Sequence[mertk.Clip], /) -> Iterable[mertk.Split]:
        """One fold per person."""
        return mertk.leave_one_subject_out([clip.person for clip in clips])

    def score(self, confusion: NDArray[np.floating[Any]], /) -> Mapping[str, NDArray[Any]]:
        """Binary and macro F1, means over emotions."""
        return metrics.multilabel_scores(confusion)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("fourdme_5", FourDMEAsFive, paper="doi:10.1109/TAFFC.2022.3182342")
