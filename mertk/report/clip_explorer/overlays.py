"""What is drawn over a face: its regions, the weights of regions and patches, occlusion maps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mertk.core.clips import Regions
from mertk.experiment.clip_pictures import ClipPictures
from mertk.experiment.occlusion import Occlusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An SVG polygon on the face, and how dark it is drawn (0 … 1; below 0: in another colour)."""

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


def make_region_marks(regions: Regions | None, scale: float) -> list[Mark]:
    """The regions' outlines, in pixels of a picture that is `scale` times the registered face."""
    marks: list[Mark] = []
    if regions is None:
        return marks
    shapes = zip(regions.names, regions.boxes * scale, regions.outlines, strict=True)
    for name, box, outline in shapes:
        marks.append(_make_mark(name, box, outline * scale))
    return marks


def make_overlays(
    pictures: ClipPictures, marks: Sequence[Mark], size: tuple[int, int]
) -> Iterator[Overlay]:
    """The weights that fit the regions, and the maps, over a picture of `size` (width, height)."""
    of_regions = np.asarray(pictures.weights.get("region_weights", ()), float)
    of_patches = np.asarray(pictures.weights.get("patch_weights", ()), float)
    if marks and of_regions.shape == (len(marks),):
        yield _make_weight_overlay("region weights", "the regions' weights", marks, of_regions)
    if pictures.regions and of_patches.ndim == 2 and len(of_patches) == len(marks):
        cells: list[Mark] = []
        count = of_patches.shape[1]
        side = round(count**0.5)  # patches are a square grid; not a square number: stripes
        grid = (side, side) if side * side == count else (1, count)
        for name, box in zip(pictures.regions.names, pictures.regions.boxes, strict=True):
            for at, cell in enumerate(_split_box(box, grid), 1):
                cells.append(_make_mark(f"{name}, patch {at}", cell * pictures.scale))
        yield _make_weight_overlay("patch weights", "the patches' weights", cells, of_patches)
    for one in pictures.maps:
        yield _make_occlusion_overlay(one, size)


def _make_weight_overlay(
    name: str, what: str, marks: Sequence[Mark], weights: NDArray[np.float64]
) -> Overlay:
    """Weights differ little, so shades go from the smallest to the largest weight of a clip."""
    low, high = float(weights.min()), float(weights.max())
    return Overlay(
        name=name,
        text=f"{what} for this clip, from {low:.3f} (light) to {high:.3f} (dark)",
        marks=_shade_marks(marks, weights, (weights - low) / max(high - low, 1e-9)),
    )


def _make_occlusion_overlay(one: Occlusion, size: tuple[int, int]) -> Overlay:
    rows, columns = one.drop.shape
    largest = float(np.abs(one.drop).max())
    marks = []
    for at, cell in enumerate(_split_box((0, 0, *size), (rows, columns))):
        marks.append(_make_mark(f"row {at // columns + 1}, column {at % columns + 1}", cell))
    return Overlay(
        name=f"occlusion map of {one.model}",
        text=(
            f"decrease of the probability of {one.predicted} ({one.probability:.2f}) when the "
            f"motion of a cell is removed: dark blue is {largest:.3f}, orange is an increase"
        ),
        marks=_shade_marks(marks, one.drop, one.drop / max(largest, 1e-9)),
    )


def _shade_marks(
    marks: Sequence[Mark], values: NDArray[np.float64], shades: NDArray[np.float64]
) -> list[Mark]:
    numbers = zip(marks, values.ravel().tolist(), shades.ravel().tolist(), strict=True)
    return [replace(mark, value=value, shade=shade) for mark, value, shade in numbers]


def _split_box(box: ArrayLike, grid: tuple[int, int]) -> NDArray[np.float64]:
    """A box (x0, y0, x1, y1) as cells `[rows * columns, 4]`, row by row."""
    x0, y0, x1, y1 = np.asarray(box, float)
    rows, columns = grid
    row, column = np.divmod(np.arange(rows * columns), columns)
    wide, high = (x1 - x0) / columns, (y1 - y0) / rows
    left, top = x0 + column * wide, y0 + row * high
    return np.stack([left, top, x0 + (column + 1) * wide, y0 + (row + 1) * high], axis=1)


def _make_mark(
    name: str, box: NDArray[np.float64], outline: NDArray[np.floating] | None = None
) -> Mark:
    """A mark around a box, or around an outline `[points, 2]` in it."""
    x0, y0, x1, y1 = box.tolist()
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)] if outline is None else outline
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return Mark(name=name, points=points, x=(x0 + x1) / 2, y=(y0 + y1) / 2)
