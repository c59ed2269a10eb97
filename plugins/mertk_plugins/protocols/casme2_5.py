"""CASME II in five classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import mertk
from mertk_plugins.protocols._casme2 import EmotionProtocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class CASME2AsFive(EmotionProtocol):
    """CASME II in its five usual emotions, leaving one subject out.

    246 clips: others 99, disgust 63, happiness 32, repression 27, surprise 25; sadness and fear are
    left out. With 2019 labels 249. Papers with 247 have added sub24/EP02_07.

    The 2019 spreadsheet calls three clips of sub24 surprise that were sadness in 2014; published
    counts rest on 2014, so `labels` is '2014' unless the spreadsheet is to be taken as it is
    ('file').
    """

    classes = ("others", "disgust", "happiness", "repression", "surprise")
    class_of: ClassVar[Mapping[str, str]] = dict(zip(classes, classes, strict=True))


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("casme2_5", CASME2AsFive, paper="doi:10.1371/journal.pone.0086041")
