"""CASME II in five classes."""

from __future__ import annotations

import mertk
from mertk_plugins.protocols import _casme2 as casme2
from mertk_plugins.protocols._mapped import unchanged, words_of


class CASME2AsFive(casme2.CASME2Emotions):
    """CASME II in its five usual emotions, leaving one subject out.

    246 clips: others 99, disgust 63, happiness 32, repression 27, surprise 25; sadness and fear are
    left out. Papers with 247 have added sub24/EP02_07. `labels` are those of '2014', or of the
    spreadsheet at hand ('file'): in 2019 three clips of sub24 became surprise, which makes 249.
    """

    classes = ("others", "disgust", "happiness", "repression", "surprise")
    class_of = words_of(casme2=unchanged(*classes))
    manifests = casme2.lists(
        {"others": 99, "disgust": 63, "happiness": 32, "repression": 27, "surprise": 25},
        26,
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("casme2_5", CASME2AsFive, paper="doi:10.1371/journal.pone.0086041")
