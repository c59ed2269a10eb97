"""Checks of components that use footage or faces: any size, grey or colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mertk.testing.outcome import BrokenPromise

if TYPE_CHECKING:
    from mertk.testing.component import ComponentUnderTest


def takes_odd_sizes(subject: ComponentUnderTest) -> None:
    """Frames may be neither square nor of even size."""
    _check_look(subject, "odd")


def takes_grey(subject: ComponentUnderTest) -> None:
    """Grey frames, which have three equal channels, do as well as colour."""
    _check_look(subject, "grey")


def _check_look(subject: ComponentUnderTest, look: str) -> None:
    component = subject.ready(look)
    for name, array in subject.compute(component, subject.given(look)[-1]).items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise BrokenPromise(
                f"of {look} frames it gives {name or 'numbers'} that are not finite"
            )


CHECKS = (takes_odd_sizes, takes_grey)
