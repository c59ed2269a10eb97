"""What is drawn over a face: its regions, the weights of regions and patches, occlusion maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Regions
    from mertk.report.clip_explorer.occlusion import Occlusion

    Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place on the face: an SVG polygon, and how dark it is drawn (0 … 1; below 0: opposite)."""

    name: str
    points: str
    x: float
    y: float
    value: float | None = None
    shade: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """Marks that are drawn over the frames together, and what they mean."""

    name: str
    text: str
    marks: Sequence[Mark]


def make_region_marks(regions: Regions, scale: float) -> list[Mark]:
    """The regions' outlines, in pixels of a picture that is `scale` times the registered face."""
    boxes = (np.asarray(regions.boxes) * scale).tolist()
    outlines = [
        _list_corners(box) if regions.polygons is None else (regions.polygons[at] * scale).tolist()
        for at, box in enumerate(boxes)
    ]
    return [
        _make_mark(name, outline, box)
        for name, outline, box in zip(regions.names, outlines, boxes, strict=True)
    ]


def make_overlays(
    regions: Regions | None,
    weights: Mapping[str, Any],
    maps: Sequence[Occlusion],
    size: tuple[int, int],
    scale: float,
) -> Iterator[Overlay]:
    """The weights that fit the regions, and the maps, over a picture of `size` (width, height)."""
    marks = [] if regions is None else make_region_marks(regions, scale)
    of_regions = np.asarray(weights.get("region_weights", ()), float)
    of_patches = np.asarray(weights.get("patch_weights", ()), float)
    if regions is not None and of_regions.shape == (len(marks),):
        yield _make_weight_overlay("region weights", "the regions' weights", marks, of_regions)
    if regions is not None and of_patches.ndim == 2 and len(of_patches) == len(marks):
        cells = [
            cell
            for mark in regions.boxes
            for cell in _split_into_patches(mark, of_patches.shape[1])
        ]
        patches = [
            _make_mark(
                f"{regions.names[at // of_patches.shape[1]]}, patch {at % of_patches.shape[1] + 1}",
                _list_corners(cell),
                cell,
            )
            for at, cell in enumerate((np.asarray(cells) * scale).tolist())
        ]
        yield _make_weight_overlay(
            "patch weights", "the patches' weights", patches, of_patches.ravel()
        )
    for one in maps:
        yield _make_occlusion_overlay(one, size)


def _make_weight_overlay(
    name: str, what: str, marks: Sequence[Mark], values: NDArray[np.float64]
) -> Overlay:
    """Weights differ little, so shades go from the smallest to the largest weight of a clip."""
    low, high = float(values.min()), float(values.max())
    shades = (values - low) / max(high - low, 1e-9)
    return Overlay(
        name=name,
        text=f"{what} for this clip, from {low:.3f} (light) to {high:.3f} (dark)",
        marks=_shade_marks(marks, values, shades),
    )


def _make_occlusion_overlay(one: Occlusion, size: tuple[int, int]) -> Overlay:
    drop = np.asarray(one.drop, float)
    rows, columns = drop.shape
    largest = float(np.abs(drop).max())
    cells = [
        (
            size[0] * c / columns,
            size[1] * r / rows,
            size[0] * (c + 1) / columns,
            size[1] * (r + 1) / rows,
        )
        for r in range(rows)
        for c in range(columns)
    ]
    marks = [
        _make_mark(f"row {at // columns + 1}, column {at % columns + 1}", _list_corners(cell), cell)
        for at, cell in enumerate(cells)
    ]
    return Overlay(
        name=f"occlusion map of {one.model}",
        text=(
            f"decrease of the probability of {one.said} ({one.share:.2f}) when the motion of a "
            f"cell is removed: dark blue is {largest:.3f}, orange is an increase"
        ),
        marks=_shade_marks(marks, drop.ravel(), drop.ravel() / max(largest, 1e-9)),
    )


def _shade_marks(
    marks: Sequence[Mark], values: NDArray[np.float64], shades: NDArray[np.float64]
) -> list[Mark]:
    return [
        replace(mark, value=float(value), shade=float(shade))
        for mark, value, shade in zip(marks, values, shades, strict=True)
    ]


def _split_into_patches(box: NDArray[np.int64], count: int) -> list[Box]:
    """A region's box as a square grid of patches, row by row; not a square number: stripes."""
    side = round(count**0.5)
    rows, columns = (side, side) if side * side == count else (1, count)
    x0, y0, x1, y1 = map(float, box)
    wide, high = (x1 - x0) / columns, (y1 - y0) / rows
    return [
        (x0 + c * wide, y0 + r * high, x0 + (c + 1) * wide, y0 + (r + 1) * high)
        for r in range(rows)
        for c in range(columns)
    ]


def _list_corners(box: Sequence[float]) -> list[list[float]]:
    x0, y0, x1, y1 = box
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]


def _make_mark(name: str, outline: Sequence[Sequence[float]], box: Sequence[float]) -> Mark:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in outline)
    return Mark(name=name, points=points, x=(box[0] + box[2]) / 2, y=(box[1] + box[3]) / 2)
