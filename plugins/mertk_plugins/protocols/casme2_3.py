"""CASME II in three classes."""

from __future__ import annotations

import mertk
from mertk_plugins.protocols import _casme2 as casme2
from mertk_plugins.protocols._mapped import THREE, words_of


class CASME2AsThree(casme2.CASME2Emotions):
    """CASME II as negative, positive or surprise, leaving one subject out.

    147 clips (90, 32, 25): disgust and repression are negative, happiness is positive; others,
    sadness and fear are left out. MEGC 2019 leaves out two more. `labels` are those of '2014', or
    of the spreadsheet at hand ('file'): in 2019 three clips of sub24 became surprise.
    """

    classes = THREE
    class_of = words_of(casme2=casme2.IN_THREE)
    manifests = casme2.lists(
        {"negative": 90, "positive": 32, "surprise": 25},
        24,
        {
            casme2.IN_2014: "0628f22fcf50625027f6008b1de75e26445b60b8044140863f5e98b5a105f3d1",
            casme2.IN_2019: "26ea25e24305b03ea30def311a492c028b5c4c0d46cc9a16c8af130918889dcb",
            casme2.UPDATED: "9a2e7cfadacea2d8b7340d15243fd4566ad24f32428ffb20e13d033802b796aa",
        },
        disgust="negative",
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("casme2_3", CASME2AsThree, paper="doi:10.1371/journal.pone.0086041")
