"""What the emotion protocols of CASME II share: two editions of three labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mertk_plugins.protocols._mapped import MappedLabels

if TYPE_CHECKING:
    import mertk

CHANGED = frozenset({"sub24/EP07_01", "sub24/EP07_04f", "sub24/EP10_03"})
"""Sadness in 2014, surprise in 2019."""


def name_folder(clip: mertk.Clip) -> str:
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
        changed = emotion == "surprise" and name_folder(clip) in CHANGED
        return "sadness" if changed and self._labels == "2014" else emotion
