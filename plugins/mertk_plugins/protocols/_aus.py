"""Action-unit detection: which of a set of AUs a clip shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from mertk_plugins.protocols._mapped import SeveralLabels, is_micro

if TYPE_CHECKING:
    import mertk
    from mertk.core.clip_lists import Manifest

_NOT_COUNTED = {
    "samm/007/007_6_1": {"AU6"},
    "samm/007/007_6_5": {"AU6"},
    "samm/011/011_4_2": {"AU12"},
    "samm/014/014_5_2": {"AU12"},
    "samm/035/035_7_2": {"AU17", "AU24"},
}
"""AUs that SAMM's coders left open ('12 or 14') and that the published counts leave out."""


class ActionUnits(SeveralLabels):
    """Which AUs of a fixed set a clip shows; clips that are not coded are left out.

    Left out are macro-expressions too. One subject is left out at a time; scored is the F1 of each
    AU over all folds, and its mean over AUs.
    """

    datasets: tuple[str, ...]
    classes: tuple[str, ...]
    manifests: ClassVar[tuple[Manifest, ...]]

    def label(self, clip: mertk.Clip, /) -> frozenset[str] | None:
        """The AUs of the clip, without side and intensity; None where nothing is coded."""
        if clip.dataset not in self.datasets or not is_micro(clip):
            return None
        if not clip.record.get("au_known"):
            return None
        shown = {f"AU{number}" for number in clip.record["au_set"]}
        folder = f"{clip.person}/{clip.record.get('clip', clip.name)}"
        return frozenset(shown & set(self.classes) - _NOT_COUNTED.get(folder, set()))
