"""CAS(ME)^3 part A in three classes."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import IN_THREE, THREE, MappedLabels, words_of


class CASME3AsThree(MappedLabels):
    """CAS(ME)^3 part A as negative, positive or surprise, leaving one subject out.

    699 clips in version 2 (457, 55, 187): anger, disgust, fear and sadness are negative; others are
    left out.
    """

    classes = THREE
    class_of = words_of(casme3=IN_THREE)
    manifests = (
        Manifest(
            counts={"casme3": {"negative": 457, "positive": 55, "surprise": 187}},
            edition="v2",
        ),
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("casme3_3", CASME3AsThree, paper="doi:10.1109/TPAMI.2022.3174895")
