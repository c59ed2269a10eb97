"""Spots, the output of a spotter: intervals of a long video that may hold an expression.

`MeasuredVideo` is what a spotter that learns is trained on, and what it spots in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mertk.core.errors import ComponentError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """One interval: positions in the stretch that was searched, 0-based and inclusive.

    `strength` is how many times the spotter's threshold was reached, so 1 or more; it orders the
    spots of one stretch, and is not a probability. Raises `ComponentError` where the positions are
    out of order or the strength is no number.

    Examples:
        >>> mertk.Spot(onset=120, apex=131, offset=150, strength=1.8)
        Spot(onset=120, apex=131, offset=150, strength=1.8)
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredVideo:
    """What a learning spotter measured in one stretch of video.

    `values` `[rows, …]` are what its `measure` gave; a stretch has `frames` frames at `fps` Hz.
    `truths` are the true expressions, as positions in the stretch (their strength means nothing),
    and `person` is who is seen: both of training videos alone. A stretch to spot in has neither.
    """

    values: NDArray[np.floating[Any]]
    frames: int
    fps: float
    truths: tuple[Spot, ...] = ()
    person: str = ""

    def without_truths(self) -> MeasuredVideo:
        """The same stretch to spot in."""
        return replace(self, truths=(), person="")
