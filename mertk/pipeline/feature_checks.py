"""What is wrong with the features of all clips, before anything is learnt from them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.errors import ComponentError

Streams = Mapping[str, NDArray[Any]]

LOOKED_AT = 200  # so many clips are looked at, evenly spaced in the list, where there are more

_MANY = 0.05  # of the clips
_FEW = 0.01  # of the values


def describe_faults(clips: Sequence[Streams]) -> list[str]:
    """What is wrong with the streams of clips, a line for each fault.

    Raises `ComponentError` where all values of all clips are 0.
    """
    if len(clips) < 2 or not clips[0]:
        return []
    if not any(values.any() for streams in clips for values in streams.values()):
        names = ", ".join(sorted(clips[0]))
        raise ComponentError(
            f"all features ({names}) are 0 in all {len(clips)} clips: nothing can be learnt; see "
            "that onset and apex are different frames, and that precomputed flow is not empty"
        )
    faults: list[str] = []
    for name in sorted(clips[0]):
        faults += _describe_stream(name, [streams[name] for streams in clips])
    return faults


def _describe_stream(name: str, found: Sequence[NDArray[Any]]) -> Iterator[str]:
    """What is wrong with one stream."""
    first = found[0]
    if all(np.array_equal(first, values) for values in found[1:]):
        yield f"{name} is the same in all {len(found)} clips"
        return
    empty = sum(not values.any() for values in found)
    if empty > _MANY * len(found):
        yield f"{name} is 0 in {empty} of {len(found)} clips"
    share = sum(np.count_nonzero(values) for values in found) / max(sum(v.size for v in found), 1)
    if share < _FEW:
        yield f"only {100 * share:.2g} % of the values of {name} are not 0"
