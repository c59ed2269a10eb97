"""CAS(ME)^3 part A in seven classes."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import MappedLabels, unchanged, words_of


class CASME3AsSeven(MappedLabels):
    """CAS(ME)^3 part A in its seven emotions, leaving one subject out.

    860 clips of 94 people in version 2: disgust 250, surprise 187, others 161, fear 86, anger 64,
    sadness 57, happiness 55. Version 1 has 921 clips and the paper counts 943, of which the classes
    were not published.
    """

    classes = ("disgust", "surprise", "others", "fear", "anger", "sadness", "happiness")
    class_of = words_of(casme3=unchanged(*classes))
    manifests = (
        Manifest(
            counts={
                "casme3": {
                    "disgust": 250,
                    "surprise": 187,
                    "others": 161,
                    "fear": 86,
                    "anger": 64,
                    "sadness": 57,
                    "happiness": 55,
                }
            },
            subjects={"casme3": 94},
            edition="v2",
        ),
        Manifest(
            counts={"casme3": {}},
            clips={"casme3": 921},
            edition="v1",
        ),
        Manifest(
            counts={"casme3": {}},
            clips={"casme3": 943},
            edition="as the paper counts",
        ),
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("casme3_7", CASME3AsSeven, paper="doi:10.1109/TPAMI.2022.3174895")
