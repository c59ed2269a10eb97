"""What the emotion protocols of CASME II share: a map of emotions, and which edition's they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import mertk
from mertk import metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

_SADNESS_IN_2014 = frozenset({"sub24/EP07_01", "sub24/EP07_04f", "sub24/EP10_03"})


class EmotionProtocol:
    """Leave one subject out over mapped emotions; emotions that the map lacks are left out."""

    datasets: tuple[str, ...] = ("casme2",)
    classes: tuple[str, ...]
    class_of: ClassVar[Mapping[str, str]]

    def __init__(self, *, labels: Literal["2014", "file"] = "2014") -> None:
        self._labels = labels

    def label(self, clip: mertk.Clip, /) -> str | None:
        """The class of the clip's emotion, or None."""
        return self.class_of.get(self._emotion(clip))

    def _emotion(self, clip: mertk.Clip) -> str:
        record = clip.record
        emotion = str(record.get("emotion", ""))
        key = f"{record.get('subject')}/{record.get('clip')}"
        changed = emotion == "surprise" and key in _SADNESS_IN_2014 and clip.dataset == "casme2"
        return "sadness" if changed and self._labels == "2014" else emotion

    def splits(self, clips: Sequence[mertk.Clip], /) -> Iterable[mertk.Split]:
        """One fold per person."""
        return mertk.leave_one_subject_out([clip.person for clip in clips])

    def score(self, confusion: NDArray[np.floating[Any]], /) -> Mapping[str, NDArray[Any]]:
        """UF1, UAR and accuracy."""
        return metrics.standard_scores(confusion)
