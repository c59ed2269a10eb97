"""The micro-expressions of CAS(ME)^2 by valence."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import MappedLabels, unchanged, words_of


class CASMESquaredAsFour(MappedLabels):
    """CAS(ME)^2's micro-expressions by valence, leaving one subject out.

    57 clips of 14 people: negative 21, others 19, surprise 9, positive 8. In nine of them the eyes
    close and nothing else is coded (AU 43).
    """

    classes = ("negative", "positive", "surprise", "others")
    column = "valence"
    class_of = words_of(casme_sq=unchanged(*classes))
    manifests = (
        Manifest(
            counts={"casme_sq": {"negative": 21, "positive": 8, "surprise": 9, "others": 19}},
            subjects={"casme_sq": 14},
        ),
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("casme_sq_4", CASMESquaredAsFour, paper="doi:10.1109/TAFFC.2017.2654440")
