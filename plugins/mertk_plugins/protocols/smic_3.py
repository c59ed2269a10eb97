"""SMIC in its three classes."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import THREE, MappedLabels, unchanged, words_of


class SMICAsThree(MappedLabels):
    """SMIC as negative, positive or surprise, leaving one subject out.

    164 clips of 16 people by the high-speed camera (70, 51, 43); 71 of 8 people by each of the
    other two.
    """

    classes = THREE
    class_of = words_of(smic=unchanged(*THREE))
    manifests = (
        Manifest(
            counts={"smic": {"negative": 70, "positive": 51, "surprise": 43}},
            subjects={"smic": 16},
            sha256="4bfd560c2bf89c2570d27c247b881b9569a862b6cf6cbe4d1970a19aed45fffc",
            edition="HS",
        ),
        Manifest(
            counts={"smic": {"negative": 23, "positive": 28, "surprise": 20}},
            subjects={"smic": 8},
            edition="VIS or NIR",
        ),
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("smic_3", SMICAsThree, paper="doi:10.1109/FG.2013.6553717")
