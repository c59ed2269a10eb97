"""The composite database of the Micro-Expression Grand Challenge 2019."""

from __future__ import annotations

from dataclasses import replace

import mertk
from mertk.evaluation import external_predictions
from mertk_plugins.protocols import _casme2 as casme2
from mertk_plugins.protocols._mapped import IN_THREE, THREE, MappedLabels, keep_words, words_of

LEFT_OUT = casme2.CHANGED | {"sub04/EP12_01f", "sub05/EP09_05f", "sub24/EP02_07"}
"""Clips of CASME II that are not in the official list.

Three were sadness before 2019; one has no apex, one is at its apex from the start; one is in the
updated file alone.
"""


_CASME2 = {
    "disgust": "negative",
    "repression": "negative",
    "happiness": "positive",
    "surprise": "surprise",
}
"""Without sadness and fear."""


class MEGC2019(MappedLabels):
    """MEGC 2019: CASME II, SAMM and SMIC in three classes, leaving one of 68 subjects out.

    442 clips: 145 of CASME II, 133 of SAMM and 164 of SMIC (high-speed camera), which are the
    official list whatever the edition of the spreadsheets. Scores are pooled over all folds; those
    of a database are those of its clips, by the same models.
    """

    classes = THREE
    class_of = words_of(casme2=_CASME2, samm=IN_THREE, smic=keep_words(*THREE))
    manifests = (replace(external_predictions.MEGC2019, edition=""),)

    def label(self, clip: mertk.Clip, /) -> str | None:
        """The class of the clip's emotion, or None."""
        if clip.dataset == "casme2" and casme2.name_folder(clip) in LEFT_OUT:
            return None
        if clip.record.get("camera", "hs") != "hs":
            return None
        return super().label(clip)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.protocol("megc2019", MEGC2019, paper="doi:10.1109/FG.2019.8756611")
