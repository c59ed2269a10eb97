"""SAMM in eight classes."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import MappedLabels, unchanged, words_of


class SAMMAsEight(MappedLabels):
    """SAMM in all eight emotions, leaving one subject out.

    159 clips of 29 people: anger 57, others 26, happiness 26, surprise 15, contempt 12, disgust 9,
    fear 8, sadness 6.
    """

    classes = (
        "anger", "others", "happiness", "surprise", "contempt", "disgust", "fear", "sadness",
    )  # fmt: skip
    class_of = words_of(samm=unchanged(*classes))
    manifests = (
        Manifest(
            counts={
                "samm": {
                    "anger": 57,
                    "others": 26,
                    "happiness": 26,
                    "surprise": 15,
                    "contempt": 12,
                    "disgust": 9,
                    "fear": 8,
                    "sadness": 6,
                }
            },
            subjects={"samm": 29},
        ),
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("samm_8", SAMMAsEight, paper="doi:10.1109/TAFFC.2016.2573832")
