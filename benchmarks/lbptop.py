"""LBP-TOP: mertk against scikit-image plane by plane, a Python loop and a read of the bytes.

Run: OMP_NUM_THREADS=1 python -m benchmarks.lbptop
"""

from __future__ import annotations

import math
import time
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
from skimage.feature import local_binary_pattern

from benchmarks._clock import medians, show
from mertk import Faces, Frames, Regions
from mertk.vision import resampling
from mertk_plugins.extractors import _patterns, lbptop

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Clip = NDArray[np.uint8]
    Blocks = list[tuple[slice, slice]]


def grid(rows: int, cols: int, height: int, width: int, overlap: float = 0.0) -> Blocks:
    """Blocks (rows, columns) over a picture."""

    def spans(count: int, length: int) -> list[slice]:
        side = length / (count - (count - 1) * overlap)
        starts = [side * (1 - overlap) * i for i in range(count)]
        return [slice(round(start), round(start + side)) for start in starts]

    return [(row, column) for row in spans(rows, height) for column in spans(cols, width)]


def ours(
    clip: Clip, blocks: Blocks, radii: tuple[int, int, int], points: int, kind: str
) -> NDArray[np.int64]:
    """The whole way from a grey clip to counts, tables and cells included."""
    table = lbptop.make_code_table(points, "raw" if kind == "raw" else "uniform")
    return lbptop.lbptop(clip, blocks, radii=radii, table=table)


def without_numba(*given: Any) -> NDArray[np.int64]:
    """The same, as it runs where the extra `fast` is not installed."""
    with mock.patch.object(_patterns, "compile_loop", return_value=None):
        return ours(*given)


def show_compiled() -> None:
    """The loop that numba compiles, for a resampled clip and for one that keeps its frames."""
    for frames in (10, 68):
        clip = np.random.default_rng(0).integers(0, 256, (frames, 170, 140), np.uint8)
        for radii, points, kind in (((4, 1, 1), 4, "raw"), ((3, 3, 3), 8, "uniform")):
            given = clip, grid(5, 5, 170, 140), radii, points, kind
            if not np.array_equal(ours(*given), without_numba(*given)):
                raise SystemExit("the counts differ with numba")
            calls = {"numba": partial(ours, *given), "numpy": partial(without_numba, *given)}
            show(f"{frames} x 170 x 140, R {radii}, P {points}, {kind}", medians(calls, 15))


def by_planes(clip: Clip, blocks: Blocks, radius: int, points: int) -> NDArray[np.float64]:
    """scikit-image's pattern of each slice of each plane, cut to the same centre voxels."""
    frames, height, width = clip.shape
    pattern = partial(local_binary_pattern, P=points, R=radius, method="nri_uniform")
    inner = tuple(slice(radius, length - radius) for length in clip.shape)
    planes = (
        np.stack([pattern(clip[t]) for t in range(frames)]),
        np.stack([pattern(clip[:, y]) for y in range(height)], axis=1),
        np.stack([pattern(clip[:, :, x]) for x in range(width)], axis=2),
    )
    bins = points * (points - 1) + 3
    found = np.zeros((len(blocks), 3, bins))
    for at, plane in enumerate(planes):
        codes = plane[inner].astype(np.int64)
        for block, (rows, columns) in enumerate(blocks):
            part = codes[
                :,
                max(rows.start - radius, 0) : max(rows.stop - radius, 0),
                max(columns.start - radius, 0) : max(columns.stop - radius, 0),
            ]
            found[block, at] = np.bincount(part.ravel(), minlength=bins)
    return found


def by_loops(
    clip: Clip, radii: tuple[int, int, int], points: int, pixels: Any
) -> NDArray[np.int64]:
    """The definition in plain Python: raw codes, one block, no tables.

    `pixels` are the clip's, as nested lists or as the array itself.
    """
    rt, ry, rx = radii
    frames, height, width = clip.shape
    angles = [2 * math.pi * p / points for p in range(points)]
    steps = [(math.cos(a), math.sin(a)) for a in angles]
    dx = [math.floor(round(rx * c, 9) + 0.5) for c, _ in steps]
    dy = [math.floor(round(-ry * s, 9) + 0.5) for _, s in steps]
    dz = [math.floor(round(-ry * c, 9) + 0.5) for c, _ in steps]
    dt = [math.floor(round(-rt * s, 9) + 0.5) for _, s in steps]
    found = np.zeros((3, 2**points), np.int64)
    for t in range(rt, frames - rt):
        for y in range(ry, height - ry):
            for x in range(rx, width - rx):
                centre, xy, xt, yt = pixels[t][y][x], 0, 0, 0
                for p in range(points):
                    xy |= (pixels[t][y + dy[p]][x + dx[p]] >= centre) << p
                    xt |= (pixels[t + dt[p]][y][x + dx[p]] >= centre) << p
                    yt |= (pixels[t + dt[p]][y + dz[p]][x] >= centre) << p
                found[0, xy] += 1
                found[1, xt] += 1
                found[2, yt] += 1
    return found


def scaled_loop(
    radii: tuple[int, int, int], points: int, shape: tuple[int, ...], *, lists: bool
) -> float:
    """Seconds of the plain loop for `shape`, scaled by centre voxels from a small clip."""
    small = (2 * radii[0] + 2, 30, 30)
    clip = np.random.default_rng(1).integers(0, 256, small, np.uint8)
    everything = [(slice(0, 30), slice(0, 30))]
    start = time.perf_counter()
    counts = by_loops(clip, radii, points, clip.tolist() if lists else clip)
    spent = time.perf_counter() - start
    same = lbptop.lbptop(clip, everything, radii=radii, table=lbptop.make_code_table(points, "raw"))
    if not np.array_equal(same[0], counts):
        raise SystemExit("the loop and mertk disagree")

    def centres(sizes: tuple[int, ...]) -> int:
        return math.prod(n - 2 * r for n, r in zip(sizes, radii, strict=True))

    return spent * centres(shape) / centres(small)


def compare(clip: Clip, points: int) -> None:
    """Each voxel with as many neighbours as the patterns of three planes have, and no more."""
    flat = clip.reshape(-1)
    found = np.empty(len(flat) - 3 * points, bool)
    for step in range(1, 3 * points + 1):
        np.greater_equal(flat[step : step + len(found)], flat[: len(found)], out=found)


def whole_way() -> None:
    """From 68 aligned frames to features, and the share of the interpolation in it."""
    pixels = np.random.default_rng(2).integers(0, 256, (68, 224, 224, 3), np.uint8)
    faces = Faces(frames=Frames.of(pixels), onset=0, offset=67)
    boxes = [(c.start, r.start, c.stop, r.stop) for r, c in grid(5, 5, 224, 224)]
    regions = Regions(names=tuple(map(str, range(25))), boxes=np.array(boxes))
    clip = np.ascontiguousarray(pixels[:, :170, :140, 0])
    columns = (clip - clip.mean(axis=0)).reshape(68, -1).T.astype(np.float32)
    calls: dict[str, Callable[[], Any]] = {
        "the extractor lbptop": partial(lbptop.LBPTOP().extract, faces, regions),
        "of which tim, 68 to 10 frames": partial(resampling.tim, clip, 10),
        "the singular vectors that published tim begins with": partial(
            np.linalg.svd, columns, full_matrices=False
        ),
    }
    show("68 frames of 224 x 224, the whole way", medians(calls))


def main() -> None:
    """Print every comparison."""
    show_compiled()
    whole_way()
    shape = (10, 170, 140)
    clip = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    plain, dense = grid(5, 5, 170, 140), grid(8, 8, 170, 140, overlap=0.7)
    cases = {
        "challenge preset (R 1, 1, 4; P 4; raw; 5x5)": (plain, (4, 1, 1), 4, "raw"),
        "P 8, u2, R 3, 3, 3, 5x5": (plain, (3, 3, 3), 8, "uniform"),
        "P 8, u2, R 3, 3, 3, 8x8 with overlap .7": (dense, (3, 3, 3), 8, "uniform"),
    }
    for title, (blocks, radii, points, kind) in cases.items():
        calls: dict[str, Callable[[], Any]] = {
            "mertk": partial(ours, clip, blocks, radii, points, kind),
            "one read of the bytes (numpy max)": clip.max,
            "one read and comparison per neighbour (numpy)": partial(compare, clip, points),
        }
        if kind == "uniform":
            calls["scikit-image, plane by plane"] = partial(by_planes, clip, blocks, 3, points)
        seconds = medians(calls)
        for lists, name in ((True, "nested lists"), (False, "an array")):
            spent = scaled_loop(radii, points, shape, lists=lists)
            seconds[f"plain Python loop over {name} (scaled)"] = spent
        show(f"LBP-TOP of {' x '.join(map(str, shape))}: {title}", seconds)


if __name__ == "__main__":
    main()
