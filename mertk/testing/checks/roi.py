"""Checks of a ROI scheme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mertk.core.clips import Regions
from mertk.testing.checks import common, learning
from mertk.testing.comparison import call_verb, thaw_arrays
from mertk.testing.outcome import BrokenPromise

if TYPE_CHECKING:
    from mertk.testing.component import ComponentUnderTest


def gives_regions(subject: ComponentUnderTest) -> None:
    """It gives `Regions`: boxes of whole pixels inside the picture, and a polygon each or none."""
    faces = subject.test_inputs[-1]
    regions = call_verb(subject.kind, subject.ready(), thaw_arrays(faces))
    if not isinstance(regions, Regions):
        raise BrokenPromise(f"it gives {type(regions).__name__}, not Regions")
    if not len(regions):
        raise BrokenPromise("it gives no region")
    boxes = np.asarray(regions.boxes)
    if boxes.dtype.kind not in "iu":
        raise BrokenPromise(f"its boxes are {boxes.dtype}, not whole pixels")
    outside = boxes[:, 2:] > np.array(faces.size)
    if outside.any():
        at = int(outside.any(axis=1).argmax())
        raise BrokenPromise(
            f"region '{regions.names[at]}' {boxes[at].tolist()} ends outside the picture of "
            f"{faces.size[0]}x{faces.size[1]}"
        )
    polygons = regions.polygons
    if polygons is not None:
        fitting = [one for one in polygons if one.ndim == 2 and one.shape[1] == 2]
        if not len(fitting) == len(polygons) == len(regions):
            raise BrokenPromise(f"it gives {len(polygons)} polygons [points, 2] of {len(regions)}")


CHECKS = (*common.DECLARED, *common.RUN, gives_regions, *common.LOOKS, *learning.CHECKS)
