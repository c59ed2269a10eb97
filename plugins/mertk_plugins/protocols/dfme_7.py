"""DFME in seven classes, by its official split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import MappedLabels, text_of, unchanged, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TRAIN, TESTS = "train", ("testA", "testB")


class DFMEAsSeven(MappedLabels):
    """DFME in its seven emotions: trained on its training part, tested on its parts A and B.

    1856 clips of 176 people to train on, 474 of 42 and 299 of 41 to test on: anger 241, contempt
    171, disgust 735, fear 365, happiness 311, sadness 359, surprise 447 in all. No person is in two
    parts. Papers print A and B apart.
    """

    tests_all = False
    classes = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
    class_of = words_of(dfme=unchanged(*classes))
    manifests = (
        Manifest(
            counts={
                "dfme": {
                    "anger": 241,
                    "contempt": 171,
                    "disgust": 735,
                    "fear": 365,
                    "happiness": 311,
                    "sadness": 359,
                    "surprise": 447,
                }
            },
            subjects={"dfme": 259},
        ),
    )

    def splits(self, clips: Sequence[mertk.Clip], /) -> Iterable[mertk.Split]:
        """One fold per test part that is there; raises `ProtocolError` for a part unknown."""
        parts = np.asarray([text_of(clip, "official_split") for clip in clips])
        for clip, part in zip(clips, parts, strict=True):
            if part not in {TRAIN, *TESTS}:
                raise mertk.ProtocolError(
                    f"{clip.uid} is of the part '{part}', which is none of {TRAIN}, "
                    f"{', '.join(TESTS)}"
                )
        train = np.flatnonzero(parts == TRAIN)
        return [
            mertk.Split(part, train, np.flatnonzero(parts == part))
            for part in TESTS
            if part in parts
        ]


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("dfme_7", DFMEAsSeven, paper="doi:10.1109/TAFFC.2023.3341918")
