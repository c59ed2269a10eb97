"""CASME in four classes."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import MappedLabels, unchanged, words_of


class CASMEAsFour(MappedLabels):
    """CASME as tense, disgust, repression or surprise, leaving one subject out.

    172 clips (68, 45, 39, 20) of the file of 189 rows; papers print 171 (69, 44, 38, 20).
    Happiness, sadness, contempt and fear are left out.
    """

    classes = ("tense", "disgust", "repression", "surprise")
    class_of = words_of(casme=unchanged(*classes))
    manifests = (
        Manifest(
            counts={"casme": {"tense": 68, "disgust": 45, "repression": 39, "surprise": 20}},
            edition="189 rows",
        ),
        Manifest(
            counts={"casme": {"tense": 69, "disgust": 44, "repression": 38, "surprise": 20}},
            edition="as papers print it",
        ),
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("casme_4", CASMEAsFour, paper="doi:10.1109/FG.2013.6553799")
