"""CASME II in four classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import mertk
from mertk_plugins.protocols._casme2 import EmotionProtocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class CASME2AsFour(EmotionProtocol):
    """CASME II as negative, positive, surprise or others, leaving one subject out.

    246 clips (90, 32, 25, 99): disgust and repression are negative, happiness is positive; sadness
    and fear are left out.

    The 2019 spreadsheet calls three clips of sub24 surprise that were sadness in 2014; published
    counts rest on 2014, so `labels` is '2014' unless the spreadsheet is to be taken as it is
    ('file').
    """

    classes = ("negative", "positive", "surprise", "others")
    class_of: ClassVar[Mapping[str, str]] = {
        "disgust": "negative",
        "repression": "negative",
        "happiness": "positive",
        "surprise": "surprise",
        "others": "others",
    }


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("casme2_4", CASME2AsFour, paper="doi:10.1371/journal.pone.0086041")
