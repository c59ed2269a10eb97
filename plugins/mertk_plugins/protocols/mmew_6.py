"""MMEW in six classes."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import MappedLabels, unchanged, words_of


class MMEWAsSix(MappedLabels):
    """MMEW in the six basic emotions, leaving one subject out.

    234 clips: happiness 36, surprise 89, disgust 72, fear 16, sadness 13, anger 8; others are left
    out.
    """

    classes = ("happiness", "surprise", "disgust", "fear", "sadness", "anger")
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
                }
            },
        ),
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("mmew_6", MMEWAsSix, paper="doi:10.1109/TPAMI.2021.3067464")
