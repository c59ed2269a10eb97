"""What can be drawn of a motion: its direction and size as colours or arrows, strain, magnified.

Pictures are uint8 `[height, width, 3]` RGB, flow is float32 `[height, width, 2]` in pixels of it.
"""

import base64

import numpy as np
from numpy.typing import NDArray

from mertk.core.clips import Floats, Pixels
from mertk.core.errors import DataError
from mertk.vision.flow_pictures import colour_flow, sample_arrows

MAGNIFIED = 8.0  # by how much motion is multiplied where it is shown magnified, at most

_QUALITY = 72  # of 100: no block is seen at the size that frames are shown at
_SMOOTH = 0.02  # of the width: flow of single pixels would tear a magnified face apart
_FARTHEST = 0.06  # of the width: a magnified motion that is larger folds the face


def encode_picture(picture: Pixels) -> str:
    """A picture as the data URI of a JPEG."""
    import cv2

    done, data = cv2.imencode(
        ".jpg", np.ascontiguousarray(picture[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    )
    if not done:
        raise DataError(f"a picture {list(picture.shape)} could not be written as JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")


def draw_colour_legend(width: int = 72) -> Pixels:
    """The colours of `colour_flow` for every direction, as far as the largest motion, on white."""
    line = np.linspace(-1, 1, width, dtype=np.float32)
    disk = np.dstack(np.meshgrid(line, line))
    outside = np.hypot(disk[..., 0], disk[..., 1]) > 1
    return colour_flow(np.where(outside[..., None], np.float32(0), disk), 1.0)


def colour_values(values: Floats, largest: float) -> Pixels:
    """Values from 0 (black) over red and yellow to `largest` (white)."""
    share = np.clip(values / max(largest, 1e-6), 0, 1)
    return np.asarray(np.rint(255 * np.clip(3 * share[..., None] - np.arange(3), 0, 1)), np.uint8)


def draw_arrows(flow: Floats) -> tuple[str, float]:
    """Arrows as an SVG path in pixels of the flow, and by how much they are longer than it.

    The longest one reaches to the next arrow. Empty where nothing moves.
    """
    starts, motions, scale = sample_arrows(flow)
    path = ""
    for start, motion in zip(starts, motions, strict=True):
        path += _draw_arrow(start, scale * motion)
    return path, scale


def _draw_arrow(start: NDArray[np.float64], along: NDArray[np.float64]) -> str:
    """A shaft and a head; none for what is shorter than a pixel."""
    if np.hypot(*along) < 1:
        return ""
    end, side = start + along, np.array([-along[1], along[0]])
    points = [start, end, end - 0.35 * along + 0.2 * side, end, end - 0.35 * along - 0.2 * side]
    return "M{:.1f} {:.1f}L{:.1f} {:.1f}M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}".format(
        *np.concatenate(points)
    )


def choose_magnification(flow: Floats) -> float:
    """By how much the motion of a clip, of which this is the flow to the apex, is magnified."""
    size = float(np.percentile(np.hypot(*np.moveaxis(_remove_head_motion(flow), -1, 0)), 95))
    return float(np.clip(_FARTHEST * flow.shape[1] / max(size, 1e-6), 1.0, MAGNIFIED))


def magnify_motion(picture: Pixels, flow: Floats, times: float) -> Pixels:
    """The picture with its motion since onset `times` as large, by a warp along smoothed flow.

    `flow` is that from the onset to this picture. Its median, which is the head's motion, stays
    as it is. Linear in the flow, so that what the flow gets wrong grows too.
    """
    import cv2

    height, width = picture.shape[:2]
    more = (times - 1) * cv2.GaussianBlur(
        _remove_head_motion(flow), (0, 0), max(1.0, _SMOOTH * width)
    )
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return cv2.remap(  # type: ignore[return-value]
        picture,
        x - more[..., 0],
        y - more[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _remove_head_motion(flow: Floats) -> Floats:
    """What moves apart from the head."""
    return np.asarray(flow - np.median(flow, axis=(0, 1)), np.float32)
