"""CASME II in four classes."""

from __future__ import annotations

import mertk
from mertk_plugins.protocols import _casme2 as casme2
from mertk_plugins.protocols._mapped import THREE, unchanged, words_of


class CASME2AsFour(casme2.CASME2Emotions):
    """CASME II as negative, positive, surprise or others, leaving one subject out.

    246 clips (90, 32, 25, 99): disgust and repression are negative, happiness is positive; sadness
    and fear are left out. `labels` are those of '2014', or of the spreadsheet at hand ('file'): in
    2019 three clips of sub24 became surprise.
    """

    classes = (*THREE, "others")
    class_of = words_of(casme2={**casme2.IN_THREE, **unchanged("others")})
    manifests = casme2.lists(
        {"negative": 90, "positive": 32, "surprise": 25, "others": 99},
        26,
        disgust="negative",
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("casme2_4", CASME2AsFour, paper="doi:10.1371/journal.pone.0086041")
