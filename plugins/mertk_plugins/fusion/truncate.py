"""Features cut to whole numbers, as an oversight in published code does it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import mertk


class Truncate:
    """Round features towards zero, to replicate published code that does so by oversight.

    Keras' `pad_sequences` makes 32-bit integers of whatever it pads unless a dtype is given. Code
    that pads float features with it trains on what is left: values below 1 become 0.
    """

    def fuse(self, streams: mertk.Streams, /) -> dict[str, NDArray[np.float32]]:
        """The same streams, each value rounded towards zero."""
        return {name: np.trunc(array).astype(np.float32) for name, array in streams.items()}


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.fusion("truncate", Truncate)
