"""CAS(ME)^3 part A in four classes."""

from __future__ import annotations

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import IN_THREE, THREE, MappedLabels, unchanged, words_of


class CASME3AsFour(MappedLabels):
    """CAS(ME)^3 part A as negative, positive, surprise or others, leaving one subject out.

    860 clips of 94 people in version 2 (457, 55, 187, 161): anger, disgust, fear and sadness are
    negative. Version 1 has 921 clips and the paper counts 943, of which the classes were not
    published.
    """

    classes = (*THREE, "others")
    class_of = words_of(casme3={**IN_THREE, **unchanged("others")})
    manifests = (
        Manifest(
            counts={"casme3": {"negative": 457, "positive": 55, "surprise": 187, "others": 161}},
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
    register.protocol("casme3_4", CASME3AsFour, paper="doi:10.1109/TPAMI.2022.3174895")
