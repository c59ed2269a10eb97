"""SAMM in five classes."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import MappedLabels, unchanged, words_of


class SAMMAsFive(MappedLabels):
    """SAMM in its five usual emotions, leaving one subject out.

    136 clips of 27 people: anger 57, happiness 26, others 26, surprise 15, contempt 12; disgust,
    fear and sadness are left out. Some papers print 26 people.
    """

    classes = ("anger", "happiness", "others", "surprise", "contempt")
    class_of = words_of(samm=unchanged(*classes))
    manifests = (
        Manifest(
            counts={
                "samm": {"anger": 57, "happiness": 26, "others": 26, "surprise": 15, "contempt": 12}
            },
            subjects={"samm": 27},
            sha256="4a728383012debf84bd8796606bbdafa77a63ee45d39b016a4375220f91cf448",
        ),
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("samm_5", SAMMAsFive, paper="doi:10.1109/TAFFC.2016.2573832")
