"""The flow fields of an expression, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import mertk
from mertk.vision import optical_flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

Over = Literal["apex", "onset", "steps"]
"""apex: onset to apex alone; onset: onset to every later frame; steps: each frame to the next."""


def compute_flow_fields(
    what: str, faces: mertk.Faces, over: Over, method: optical_flow.Method
) -> Iterator[NDArray[np.float32]]:
    """Flow fields `[h, w, 2]` over onset … offset; one field of 0 where that is a single frame.

    Args:
        what: name of the extractor, for messages.
        faces: the registered clip.
        over: which flow fields are used: `apex`, the one from onset to apex; `onset`, those from
            the onset to every later frame; `steps`, those from each frame to the next.
        method: see `mertk.vision.optical_flow.optical_flow`.

    Raises:
        DataError: the clip has no frames, and `over` is not `apex`.
    """
    if over == "apex":
        yield optical_flow.onset_apex(faces, method)[..., :2]
        return
    if not len(faces.frames):
        raise mertk.DataError(
            f"{what} needs frames (over={over}); this clip has a flow map from onset to apex alone"
        )
    pictures = [faces.frames.read_grey(at) for at in range(faces.onset, faces.offset + 1)]
    if len(pictures) == 1:
        pictures *= 2
    befores = pictures[:-1] if over == "steps" else pictures[:1] * (len(pictures) - 1)
    for before, after in zip(befores, pictures[1:], strict=True):
        yield optical_flow.optical_flow(before, after, method)
