"""Clips at another number of frames, pictures at another size, regions on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from mertk.core.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Floats, Pixels, Regions

__all__ = [
    "build_laplacian_pyramid",
    "compute_region_slices",
    "list_resampled_frames",
    "resample_linearly",
    "resize_picture",
    "tim",
]

Picture = TypeVar("Picture", "NDArray[np.uint8]", "NDArray[np.float32]")


def resample_linearly(frames: Floats | Pixels, n: int) -> Floats:
    """The clip `[time, …]` at `n` evenly spaced moments, first and last included: `[n, …]`.

    Between two frames values are interpolated linearly. `n=1` gives the first frame.
    """
    at, before, after = _bracket_moments(len(frames), n)
    part = (at - before).astype(np.float32).reshape(-1, *[1] * (frames.ndim - 1))
    first, second = frames[before].astype(np.float32), frames[after].astype(np.float32)
    return first + part * (second - first)


def list_resampled_frames(count: int, n: int) -> list[int]:
    """The positions in `count` frames that `resample_linearly` to `n` moments depends on."""
    at, before, after = _bracket_moments(count, n)
    return sorted({*before.tolist(), *after[at > before].tolist()})


def tim(frames: Floats | Pixels, n: int) -> Floats:
    """The clip `[time, …]` at `n` moments by the temporal interpolation model: `[n, …]`.

    Zhou, Zhao and Pietikäinen, CVPR 2011: frames lie on a curve in the eigenspace of a path graph,
    which is sampled anew. `n` equal to the number of frames gives the frames back, a constant clip
    stays constant.

    The published steps (singular vectors of the frames, graph embedding, least squares back) cancel
    out: the embedding's matrix is orthogonal, so the pixels return through the transpose of what
    they came in by, and a path graph's eigenvectors are the cosines of the DCT. What is left is a
    cosine interpolation with weights that depend on the two lengths alone. It needs neither a
    decomposition nor linearly independent frames, so repeated frames do no harm.

    Examples:
        >>> from mertk.vision import resampling
        >>> resampling.tim(np.zeros((16, 4, 4), np.float32), 10).shape
        (10, 4, 4)
    """
    at = _space_moments(len(frames), n)
    if n == len(frames):
        return frames.astype(np.float32)
    mean = frames.mean(axis=0, dtype=np.float64)
    centred = (frames - mean).astype(np.float32).reshape(len(frames), -1)
    curve = (
        _compute_cosines(at, len(frames)) @ _compute_cosines(np.arange(len(frames)), len(frames)).T
    )
    moving = (2 / len(frames) * curve).astype(np.float32) @ centred
    found: Floats = moving.reshape(n, *frames.shape[1:]) + mean.astype(np.float32)
    return found


def _space_moments(count: int, n: int) -> NDArray[np.float64]:
    if n < 1 or not count:
        raise DataError(f"cannot resample {count} frames to {n}; both must be at least 1")
    return np.linspace(0, count - 1, n)


def _bracket_moments(
    count: int, n: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Evenly spaced moments `[n]`, and the frames before and after each."""
    at = _space_moments(count, n)
    before = at.astype(np.int64)
    return at, before, np.minimum(before + 1, count - 1)


def _compute_cosines(at: NDArray[np.floating | np.integer], count: int) -> NDArray[np.float64]:
    """The moving eigenvectors of a path of `count` frames, read at moments `at`."""
    waves = np.arange(1, count)
    found: NDArray[np.float64] = np.cos(np.pi / count * (at[:, None] + 0.5) * waves)
    return found


def resize_picture(picture: Picture, size: tuple[int, int]) -> Picture:
    """A picture `[h, w]` or `[h, w, channels]` at `size` (width, height), averaged over area."""
    import cv2

    if picture.shape[1::-1] == tuple(size):
        return picture
    solid = np.ascontiguousarray(picture)
    return cv2.resize(solid, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def build_laplacian_pyramid(picture: Floats) -> list[Floats]:
    """The Laplacian pyramid of `[h, w]` or `[h, w, channels]`, finest first (Burt & Adelson 1983).

    Its last level is what is left over. A level is half as large as the one before, and none is
    smaller than 8 pixels in height or width, unless the picture is.
    """
    import cv2

    found: list[Floats] = []
    while min(picture.shape[:2]) >= 16:
        small = cv2.pyrDown(picture)
        found.append(picture - cv2.pyrUp(small, dstsize=picture.shape[1::-1]))
        picture = small  # type: ignore[assignment]
    return [*found, picture]


def compute_region_slices(
    regions: Regions, face: tuple[int, int], size: tuple[int, int]
) -> list[tuple[slice, slice]]:
    """Per region its (rows, columns) where a face of `face` (width, height) is shown at `size`.

    Regions that touch still touch, and each keeps at least one pixel.
    """
    limit = np.array([*size, *size])
    boxes = np.floor(regions.boxes * (limit / [*face, *face]) + 0.5).astype(np.int64)
    low = np.clip(boxes[:, :2], 0, limit[:2] - 1)
    high = np.clip(boxes[:, 2:], low + 1, limit[2:])
    return [
        (slice(y0, y1), slice(x0, x1))
        for (x0, y0), (x1, y1) in zip(low.tolist(), high.tolist(), strict=True)
    ]
