"""How far parts of the face move over a lag, without the motion of the head."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mertk.vision import optical_flow
from mertk_plugins.spotters import _face, _head

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import mertk

    Floats = NDArray[np.float32]

_AROUND = (1.25, 0.7, 1.25, 1.75)
_UNIT = 56.0  # pixels between the eyes that flow is computed at

# Cells: centre (x, y) and half their side, from the middle of the eyes in distances between them.
_CELLS: dict[str, tuple[float, float, float]] = {
    "brow_outer_left": (-0.65, -0.30, 0.17),
    "brow_inner_left": (-0.25, -0.30, 0.17),
    "brow_inner_right": (0.25, -0.30, 0.17),
    "brow_outer_right": (0.65, -0.30, 0.17),
    "between_brows": (0.0, -0.20, 0.12),
    "under_eye_left": (-0.50, 0.38, 0.18),
    "under_eye_right": (0.50, 0.38, 0.18),
    "nostril_left": (-0.24, 0.55, 0.14),
    "nostril_right": (0.24, 0.55, 0.14),
    "mouth_left": (-0.50, 0.90, 0.20),
    "mouth_right": (0.50, 0.90, 0.20),
    "lip_upper": (0.0, 0.82, 0.15),
    "lip_lower": (0.0, 1.12, 0.15),
    "chin": (0.0, 1.50, 0.18),
    "lid_left": (-0.50, 0.0, 0.13),
    "lid_right": (0.50, 0.0, 0.13),
    "nose_bridge": (0.0, 0.20, 0.12),
    "nose": (0.0, 0.42, 0.14),
}
LIDS = np.char.startswith(list(_CELLS), "lid")
NOSE = np.char.startswith(list(_CELLS), "nose")
SKIN = ~(LIDS | NOSE)  # the cells that an expression moves


def measure_motion(faces: mertk.Faces, step: int, lag: int) -> Floats:
    """How far each cell came within the lag `[frames, cells, 2]`, in distances of the eyes."""
    view = _face.locate_window(faces, _AROUND, _UNIT)
    boxes = [view.box((x, y), reach) for x, y, reach in _CELLS.values()]
    # single precision, and an array a frame: hours of video are to fit into memory
    rows = [_compute_box_means(uv, boxes) for uv in _compute_flows(faces, view, step, lag)]
    motion = np.stack(rows) / np.float32(view.unit)
    inside = np.array(
        [rows.start < rows.stop and columns.start < columns.stop for rows, columns in boxes]
    )
    centres = np.array(list(_CELLS.values()))[:, :2]
    steady = _head.remove_head_motion(motion, centres, inside & ~LIDS)
    return np.asarray(np.where(inside[:, None], steady, 0.0), np.float32)


def _compute_box_means(uv: Floats, boxes: Sequence[tuple[slice, slice]]) -> Floats:
    """The mean flow of each box `[boxes, 2]`; 0 where none of it is in the picture."""
    found = [uv[box].mean(axis=(0, 1)) if uv[box].size else (0.0, 0.0) for box in boxes]
    return np.array(found, np.float32)


def _compute_flows(faces: mertk.Faces, view: _face.Window, step: int, lag: int) -> Iterator[Floats]:
    """The flow `[h, w, 2]` to each picture from the one `lag` before it, or from the first."""
    ring: deque[NDArray[np.uint8]] = deque(maxlen=lag)
    for picture in _face.iterate_pictures(faces, view, step):
        yield optical_flow.optical_flow(ring[0] if ring else picture, picture, "dis")
        ring.append(picture)


def compute_away_and_back(motion: Floats, lag: int, times: int) -> Floats:
    """Came × goes back, by axis, over `times` lags `[frames, cells, 2]`; 0 at the end."""
    came = np.zeros_like(motion)
    for shift in range(0, min(times * lag, len(motion)), lag):
        came[shift:] += motion[: len(motion) - shift]
    goes_back = np.zeros_like(came)
    if times * lag < len(motion):
        goes_back[: -times * lag] = -came[times * lag :]
    return came * goes_back
