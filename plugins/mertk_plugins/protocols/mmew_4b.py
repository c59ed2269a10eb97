"""MMEW in four classes, with its rare emotions as others."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import MappedLabels, unchanged, words_of


class MMEWAsFourB(MappedLabels):
    """MMEW as happiness, surprise, disgust or others, with rare emotions as others; LOSO.

    300 clips of 30 people (36, 89, 72, 103): fear, sadness and anger are others. In the other
    reading of the same four names, `mmew_4a`, they are left out; papers seldom say which they mean.
    """

    classes = ("happiness", "surprise", "disgust", "others")
    class_of = words_of(
        mmew={
            **unchanged(*classes),
            "fear": "others",
            "sadness": "others",
            "anger": "others",
        }
    )
    manifests = (
        Manifest(
            counts={"mmew": {"happiness": 36, "surprise": 89, "disgust": 72, "others": 103}},
            subjects={"mmew": 30},
        ),
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("mmew_4b", MMEWAsFourB, paper="doi:10.1109/TPAMI.2021.3067464")
