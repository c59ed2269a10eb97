"""Spots, the output of a spotter: intervals of a long video that may hold an expression."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mertk.core.errors import ComponentError, name_component

if TYPE_CHECKING:
    from mertk.core.clips import Faces
    from mertk.core.interfaces import Spotter


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """One interval: positions in the stretch that was searched, 0-based and inclusive.

    `strength` is how many times the spotter's threshold was reached, so 1 or more; it orders the
    spots of one stretch, and is not a probability. Raises `ComponentError` where the positions are
    out of order or the strength is no number.
    """

    onset: int
    apex: int
    offset: int
    strength: float

    def __post_init__(self) -> None:
        if not 0 <= self.onset <= self.apex <= self.offset:
            raise ComponentError(
                f"a spot from {self.onset} over {self.apex} to {self.offset}: positions must be 0 "
                "or more and rise from onset over apex to offset"
            )
        if not math.isfinite(self.strength):
            raise ComponentError(f"a spot of strength {self.strength}; it must be a finite number")


def spot_stretch(spotter: Spotter, faces: Faces) -> tuple[Spot, ...]:
    """The spots of one stretch; raises `ComponentError` for what no spotter may give."""
    with name_component(f"spotter {type(spotter).__name__}"):
        found = spotter.spot(faces)
    broken = find_fault(found, len(faces.frames))
    if broken:
        raise ComponentError(f"spotter {type(spotter).__name__} {broken}")
    return tuple(found)


def find_fault(found: object, frames: int) -> str:
    """What is wrong with the spots of a stretch of so many frames; empty where nothing is."""
    if not isinstance(found, Sequence) or not all(isinstance(one, Spot) for one in found):
        return f"gives {type(found).__name__}, not a sequence of Spot"
    for one in found:
        if not one.strength >= 1:
            return f"gives {one}: what counts has a strength of 1 or more"
        if one.offset >= frames:
            return f"gives {one}, which ends outside the stretch of {frames} frames"
    for before, after in itertools.pairwise(found):
        if after.onset <= before.offset:
            return f"gives {after} behind {before}: spots must be sorted and must not overlap"
    return ""
