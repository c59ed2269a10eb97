"""MMEW in three classes."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import IN_THREE, THREE, MappedLabels, words_of


class MMEWAsThree(MappedLabels):
    """MMEW as negative, positive or surprise, leaving one subject out.

    234 clips (109, 36, 89): disgust, fear, sadness and anger are negative; others are left out.
    """

    classes = THREE
    class_of = words_of(mmew=IN_THREE)
    manifests = (
        Manifest(
            counts={"mmew": {"negative": 109, "positive": 36, "surprise": 89}},
        ),
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("mmew_3", MMEWAsThree, paper="doi:10.1109/TPAMI.2021.3067464")
