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

    Raises `ComponentError` where all clips have the same values, such as 0.
    """
    if len(clips) < 2 or not clips[0]:
        return []
    same = {name: _are_equal(clips, name) for name in sorted(clips[0])}
    if all(same.values()):
        value = "the same" if any(values.any() for values in clips[0].values()) else "0"
        raise ComponentError(
            f"all features ({', '.join(same)}) are {value} in all {len(clips)} clips: nothing can "
            "be learnt; see that onset and apex are different frames, and that precomputed flow "
            "differs between clips"
        )
    faults: list[str] = []
    for name, equal in same.items():
        if equal:
            faults.append(f"{name} is the same in all {len(clips)} clips")
        else:
            faults += _describe_stream(name, [streams[name] for streams in clips])
    return faults


def _are_equal(clips: Sequence[Streams], name: str) -> bool:
    return all(np.array_equal(clips[0][name], streams[name]) for streams in clips[1:])


def _describe_stream(name: str, found: Sequence[NDArray[Any]]) -> Iterator[str]:
    """What is wrong with one stream that differs between clips."""
    empty = sum(not values.any() for values in found)
    if empty > _MANY * len(found):
        yield f"{name} is 0 in {empty} of {len(found)} clips"
    share = sum(np.count_nonzero(values) for values in found) / max(sum(v.size for v in found), 1)
    if share < _FEW:
        yield f"only {100 * share:.2g} % of the values of {name} are not 0"
