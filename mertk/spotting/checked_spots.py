"""What a spotter finds in one stretch of a video, checked."""

import itertools
from collections.abc import Sequence

from mertk.core.clips import Faces
from mertk.core.errors import ComponentError, ParameterError, name_component
from mertk.core.interfaces import LearnedSpotter, Spotter
from mertk.core.recipe import Use
from mertk.core.spots import Spot
from mertk.plugins.registry import Registry


def build_spotter(registry: Registry, text: str) -> Spotter:
    """A spotter for videos without true intervals; raises `ParameterError` for one that learns."""
    spotter = registry.build("spotter", Use.parse(text))
    if isinstance(spotter, LearnedSpotter):
        raise ParameterError(
            f"{text} learns from videos with true intervals, as in `mertk spot`; here it would "
            "find nothing. Choose a spotter that does not learn, such as flow_peaks"
        )
    found: Spotter = spotter
    return found


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
