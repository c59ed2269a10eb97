"""Checks of an extractor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mertk.testing.checks import common, learning
from mertk.testing.comparison import call_verb, thaw_arrays
from mertk.testing.outcome import BrokenPromise

if TYPE_CHECKING:
    from mertk.testing.component import ComponentUnderTest


def gives_streams(subject: ComponentUnderTest) -> None:
    """It gives one array `[regions, …]` or several named ones: finite numbers, or uint8 pixels."""
    found = call_verb(subject.kind, subject.ready(), thaw_arrays(subject.test_inputs[-1]))
    check_streams(found if isinstance(found, Mapping) else {"features": found})


def check_streams(found: object) -> None:
    """Raise `BrokenPromise` for anything but named arrays of finite real numbers."""
    if not isinstance(found, Mapping) or not found:
        raise BrokenPromise(f"it gives {type(found).__name__}, not named arrays")
    for name, given in found.items():
        array = np.asarray(given)
        if not isinstance(name, str) or array.dtype.kind not in "fiub":
            raise BrokenPromise(f"stream {name!r} is {array.dtype}, not numbers")
        if not array.ndim:
            raise BrokenPromise(f"stream '{name}' is a bare number, not an array [regions, …]")
        if not np.isfinite(array).all():
            raise BrokenPromise(f"stream '{name}' holds NaN or infinity")


def one_row_per_region(subject: ComponentUnderTest) -> None:
    """The first axis of every stream is as long as there are regions, or 1.

    A stream of one row belongs to the whole face, or to the one region that it is named after.
    """
    faces, regions = subject.test_inputs[-1]
    found = call_verb(subject.kind, subject.ready(), thaw_arrays((faces, regions)))
    streams = found if isinstance(found, Mapping) else {"features": found}
    for name, array in streams.items():
        if len(array) not in (1, len(regions)):
            raise BrokenPromise(
                f"stream '{name}' is {list(np.shape(array))} of {len(regions)} regions"
            )


CHECKS = (
    *common.DECLARED,
    *common.RUN,
    gives_streams,
    one_row_per_region,
    *common.LOOKS,
    *learning.CHECKS,
)
