"""SAMM in three classes."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import IN_THREE, THREE, MappedLabels, words_of


class SAMMAsThree(MappedLabels):
    """SAMM as negative, positive or surprise, leaving one subject out.

    133 clips of 28 people (92, 26, 15): anger, contempt, disgust, fear and sadness are negative;
    other is left out. They are the part of SAMM in MEGC 2019.
    """

    classes = THREE
    class_of = words_of(samm=IN_THREE)
    manifests = (
        Manifest(
            counts={"samm": {"negative": 92, "positive": 26, "surprise": 15}},
            subjects={"samm": 28},
            sha256="6ddc8392753e62a53bd12360192207813e456a2354462911177ecd3f8f73f818",
        ),
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("samm_3", SAMMAsThree, paper="doi:10.1109/TAFFC.2016.2573832")
