"""What most protocols share: a word of the clip's record stands for a class; LOSO; UF1 and UAR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import mertk
from mertk.core import metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mertk.core.clip_lists import Manifest

THREE = ("negative", "positive", "surprise")
"""The three classes that nearly all databases can be brought to."""

IN_THREE = {
    "anger": "negative",
    "contempt": "negative",
    "disgust": "negative",
    "fear": "negative",
    "sadness": "negative",
    "happiness": "positive",
    "surprise": "surprise",
}
"""The basic emotions as negative, positive or surprise."""


def keep_words(*words: str) -> dict[str, str]:
    """Words that are class names themselves."""
    return {word: word for word in words}


def words_of(**datasets: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    """Data set → word → class, as `MappedLabels.class_of` has it."""
    return datasets


def text_of(clip: mertk.Clip, column: str) -> str:
    """What a column of the record holds, '' where empty; `ProtocolError` where there is none."""
    if column not in clip.record:
        raise mertk.ProtocolError(
            f"{clip.uid} has no column '{column}'. Known: {', '.join(clip.record)}."
        )
    found = clip.record[column]
    return "" if found is None else str(found)


def is_micro(clip: mertk.Clip) -> bool:
    """Whether the clip is not annotated as a macro-expression or a blink."""
    return clip.record.get("expression_type") in (None, "", "micro")


class LeaveOneSubjectOut:
    """One fold per person, and the scores of one label a clip."""

    def splits(self, clips: Sequence[mertk.Clip], /) -> Iterable[mertk.Split]:
        """One fold per person."""
        return mertk.leave_one_subject_out([clip.person for clip in clips])

    def score(self, confusion: NDArray[np.floating[Any]], /) -> Mapping[str, NDArray[Any]]:
        """UF1, UAR and accuracy."""
        return metrics.standard_scores(confusion)


class SeveralLabels(LeaveOneSubjectOut):
    """One fold per person, and the scores of any number of labels a clip."""

    multilabel = True

    def score(self, confusion: NDArray[np.floating[Any]], /) -> Mapping[str, NDArray[Any]]:
        """Binary and macro F1, means over classes."""
        return metrics.multilabel_scores(confusion)


class MappedLabels(LeaveOneSubjectOut):
    """Leave one subject out; words that `class_of` lacks for the clip's data set are left out.

    `class_of` maps data set → word in `column` → class. Macro-expressions are left out.
    """

    classes: tuple[str, ...]
    column: ClassVar[str] = "emotion"
    class_of: ClassVar[Mapping[str, Mapping[str, str]]]
    manifests: ClassVar[tuple[Manifest, ...]]

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets that it has words for."""
        return tuple(self.class_of)

    def label(self, clip: mertk.Clip, /) -> str | None:
        """The class of the clip's word, or None."""
        known = self.class_of.get(clip.dataset)
        if known is None or not is_micro(clip):
            return None
        word = self.word(clip)
        # A table of one's own may name the three classes themselves, as the official lists do.
        named = word if self.classes == THREE and word in THREE else None
        return known.get(word, named)

    def word(self, clip: mertk.Clip) -> str:
        """What the class is made from; raises `ProtocolError` where the record does not say."""
        return text_of(clip, self.column)
