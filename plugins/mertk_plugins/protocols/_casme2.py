"""What the emotion protocols of CASME II share: two editions of three labels, and one clip more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import MappedLabels

if TYPE_CHECKING:
    from collections.abc import Mapping

    import mertk

IN_2014, IN_2019, UPDATED = "2014 labels", "2019 labels", "updated file, 2014 labels"
"""The published lists: the 2019 file has other labels, the updated file has sub24/EP02_07 too."""

CHANGED = frozenset({"sub24/EP07_01", "sub24/EP07_04f", "sub24/EP10_03"})
"""Sadness in 2014, surprise in 2019."""

IN_THREE = {
    "disgust": "negative",
    "repression": "negative",
    "happiness": "positive",
    "surprise": "surprise",
}
"""The three classes of CASME II, which leave out sadness and fear."""


def folder(clip: mertk.Clip) -> str:
    """The clip's subject and folder, as the spreadsheets name it."""
    return f"{clip.subject}/{clip.record.get('clip', clip.name)}"


class CASME2Emotions(MappedLabels):
    """The emotions of CASME II, of one of two editions of its labels.

    Published counts rest on the labels of 2014. The file of 2019 calls three clips of sub24
    surprise that were sadness.

    Args:
        labels: `2014`, the labels that published counts rest on; or `file`, those of the
            spreadsheet that is there.
    """

    def __init__(self, *, labels: Literal["2014", "file"] = "2014") -> None:
        self._labels = labels

    def word(self, clip: mertk.Clip) -> str:
        """The clip's emotion."""
        emotion = super().word(clip)
        changed = emotion == "surprise" and folder(clip) in CHANGED
        return "sadness" if changed and self._labels == "2014" else emotion


def lists(
    counts: Mapping[str, int],
    people: int,
    hashes: Mapping[str, str] | None = None,
    *,
    disgust: str = "disgust",
    sadness: str | None = None,
) -> tuple[Manifest, ...]:
    """The three published lists, made from the `counts` of 2014.

    `hashes` are those of the lists that are known clip by clip; that of the clips called others is
    not. `disgust` and `sadness` are the classes that stand for these emotions, if any does.
    """
    later = {**counts, "surprise": counts["surprise"] + len(CHANGED)}
    if sadness:
        later[sadness] -= len(CHANGED)
    more = {**counts, disgust: counts[disgust] + 1}
    return tuple(
        Manifest(
            counts={"casme2": found},
            subjects={"casme2": people},
            sha256=(hashes or {}).get(edition),
            edition=edition,
        )
        for edition, found in ((IN_2014, counts), (IN_2019, later), (UPDATED, more))
    )
