"""Checks of what an aligner, a ROI scheme, an extractor and a classifier give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mertk.core.clips import Faces, Regions
from mertk.testing.checks import common, learning
from mertk.testing.comparison import call_verb, thaw_arrays
from mertk.testing.outcome import BrokenPromise

if TYPE_CHECKING:
    from mertk.testing.component import ComponentUnderTest


def gives_faces(subject: ComponentUnderTest) -> None:
    """It gives `Faces`: frames `[time, height, width, 3]` uint8, as many as the footage has."""
    footage = subject.test_inputs[-1]
    faces = call_verb(subject.kind, subject.ready(), thaw_arrays(footage))
    if not isinstance(faces, Faces):
        raise BrokenPromise(f"it gives {type(faces).__name__}, not Faces")
    frames = np.asarray(faces.frames[:])
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3:
        raise BrokenPromise(
            f"its frames are {frames.dtype} {list(frames.shape)}, not uint8 [time, h, w, 3]"
        )
    if not faces.onset <= faces.peak <= faces.offset < len(frames):
        raise BrokenPromise(
            f"onset {faces.onset}, apex {faces.peak}, offset {faces.offset} do not fit "
            f"{len(frames)} frames"
        )
    for name, shape in {"landmarks": (None, 2), "transform": (2, 3)}.items():
        found = getattr(faces, name)
        if found is not None and (found.ndim != 2 or found.shape[1] != shape[1]):
            raise BrokenPromise(f"its {name} are {list(found.shape)}, see mertk.Faces")


ALIGNER = (*common.DECLARED, *common.RUN, gives_faces, *common.LOOKS, *learning.CHECKS)


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


ROI = (*common.DECLARED, *common.RUN, gives_regions, *common.LOOKS, *learning.CHECKS)


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


EXTRACTOR = (
    *common.DECLARED,
    *common.RUN,
    gives_streams,
    one_row_per_region,
    *common.LOOKS,
    *learning.CHECKS,
)


def gives_probabilities(subject: ComponentUnderTest) -> None:
    """It gives probabilities `[classes]` of one clip: finite, not negative, of sum 1."""
    classifier = subject.ready()
    for given in subject.test_inputs:
        learning.check_prediction(classifier.predict(thaw_arrays(given)))


def learns(subject: ComponentUnderTest) -> None:
    """It has `fit`: a classifier without one cannot know the classes."""
    if not hasattr(subject.entry.load(), "fit"):
        raise BrokenPromise("it has no fit(train, rng)")


CLASSIFIER = (*common.DECLARED, learns, *common.RUN, gives_probabilities, *learning.CHECKS)
