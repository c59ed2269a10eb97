"""MMEW in seven classes."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import MappedLabels, unchanged, words_of


class MMEWAsSeven(MappedLabels):
    """MMEW in all seven classes, leaving one subject out.

    300 clips of 30 people: surprise 89, disgust 72, others 66, happiness 36, fear 16, sadness 13,
    anger 8.
    """

    classes = ("happiness", "surprise", "disgust", "others", "fear", "sadness", "anger")
    class_of = words_of(mmew=unchanged(*classes))
    manifests = (
        Manifest(
            counts={
                "mmew": {
                    "happiness": 36,
                    "surprise": 89,
                    "disgust": 72,
                    "fear": 16,
                    "sadness": 13,
                    "anger": 8,
                    "others": 66,
                }
            },
            subjects={"mmew": 30},
        ),
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("mmew_7", MMEWAsSeven, paper="doi:10.1109/TPAMI.2021.3067464")
