"""MMEW in four classes, without its rare emotions."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import MappedLabels, unchanged, words_of


class MMEWAsFourA(MappedLabels):
    """MMEW as happiness, surprise, disgust or others, without rare emotions; LOSO.

    263 clips (36, 89, 72, 66): fear, sadness and anger are left out. In the other reading of the
    same four names, `mmew_4b`, they are others; papers seldom say which they mean.
    """

    classes = ("happiness", "surprise", "disgust", "others")
    class_of = words_of(mmew=unchanged(*classes))
    manifests = (
        Manifest(
            counts={"mmew": {"happiness": 36, "surprise": 89, "disgust": 72, "others": 66}},
        ),
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("mmew_4a", MMEWAsFourA, paper="doi:10.1109/TPAMI.2021.3067464")
