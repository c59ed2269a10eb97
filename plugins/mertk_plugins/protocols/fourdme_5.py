"""4DME in its five emotions, several of them a clip."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import SeveralLabels


class FourDMEAsFive(SeveralLabels):
    """4DME's positive, negative, surprise, repression and others as multi-label; LOSO.

    267 clips, of which some are, say, surprise and positive. People who came twice are one.
    """

    datasets = ("fourdme",)
    classes = ("positive", "negative", "surprise", "repression", "others")
    manifests = (Manifest(counts={"fourdme": {}}, clips={"fourdme": 267}),)

    def label(self, clip: mertk.Clip, /) -> frozenset[str] | None:
        """The clip's emotions; None where it has none of the five."""
        if clip.dataset not in self.datasets:
            return None
        return frozenset(clip.record.get("emotions", ())) & set(self.classes) or None


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.protocol("fourdme_5", FourDMEAsFive, paper="doi:10.1109/TAFFC.2022.3182342")
