"""MDMO: the main directional mean optical flow of each region (Liu et al. 2016)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import optical_flow, resampling
from mertk_plugins.extractors._motion import compute_flow_fields

Numbers = NDArray[np.float64]

_RIGID = np.r_[0:6, 11:17, 30]  # jaw and tip of the nose: they move with the head alone
_DIRECTIONS = 8


class MDMO:
    """MDMO: magnitude and angle of the main direction of flow in each region.

    Gives `[regions, 2]`. In the flow from the onset to each later frame, a region's vectors are
    sorted into eight directions around 0°, 45° … (angles grow from right to down). The direction
    with the most vectors is the main one, and its vectors give a mean length and a mean angle.
    These are averaged over the frames as vectors. The length is then divided by the largest of all
    regions. A clip without motion gives 0. Regions that are polygons count the pixels inside them.

    Args:
        beta: weight of the length against the angle, 0 … 1: the length (0 … 1) is multiplied by it,
            the angle (0 … 2π) by 1 - `beta`.
        rigid: whether the motion of the head is first taken out: the affine motion that fits 13
            points of the jaw and the nose best, for which faces need landmarks.
        method: see `mertk.vision.optical_flow.optical_flow`.
    """

    def __init__(
        self, *, beta: float = 0.8236, rigid: bool = True, method: optical_flow.Method = "farneback"
    ) -> None:
        if not 0 <= beta <= 1:
            raise ValueError(f"beta={beta}; in 0 … 1")
        self.beta = beta
        self.rigid = rigid
        self.method: optical_flow.Method = method

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, 2]`; raises `DataError` for a clip without frames, or without landmarks."""
        points = self._rigid_points(faces)
        pixels = _list_region_pixels(regions, faces.size)
        moved = [
            main_motion(field if points is None else remove_head_motion(field, points), pixels)
            for field in compute_flow_fields("mdmo", faces, "onset", self.method)
        ]
        mean = np.mean(moved, axis=0)
        length, angle = np.hypot(*mean.T), np.mod(np.arctan2(mean[:, 1], mean[:, 0]), 2 * np.pi)
        longest = length.max()
        relative = length / longest if longest > 0 else length
        both = np.stack([self.beta * relative, (1 - self.beta) * angle], axis=1)
        return both.astype(np.float32)

    def _rigid_points(self, faces: mertk.Faces) -> NDArray[np.int64] | None:
        """The rigid landmarks that lie in the picture, as (x, y) of pixels `[points, 2]`."""
        if not self.rigid:
            return None
        if faces.landmarks is None or len(faces.landmarks) != 68:
            raise mertk.DataError(
                "mdmo takes head motion from 68 landmarks, and this face has none; use an aligner "
                "that finds them, or set rigid=false"
            )
        points = np.rint(faces.landmarks[_RIGID]).astype(np.int64)
        inside = ((points >= 0) & (points < faces.size)).all(axis=1)
        if inside.sum() < 4:
            raise mertk.DataError(
                f"mdmo: only {inside.sum()} of 13 points of jaw and nose lie in the picture of "
                f"{faces.size[0]}x{faces.size[1]} px, too few to tell head motion by; use an "
                "aligner that leaves more of the face, or set rigid=false"
            )
        return points[inside]


def remove_head_motion(field: NDArray[np.floating], points: NDArray[np.int64]) -> Numbers:
    """Flow `[h, w, 2]` less the affine motion that fits it best at `points` (x, y)."""
    known = np.column_stack([points, np.ones(len(points))])
    there = field[points[:, 1], points[:, 0]].astype(np.float64)
    affine = np.linalg.lstsq(known, there, rcond=None)[0]
    rows, columns = np.indices(field.shape[:2])
    head = np.stack([columns, rows, np.ones_like(rows)], axis=-1) @ affine
    steadied: Numbers = field - head
    return steadied


def main_motion(
    field: NDArray[np.floating], pixels: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> Numbers:
    """The mean motion (u, v) in the main direction of each region `[regions, 2]`.

    `pixels` are those of all regions: the region and the position in the flattened picture of each.
    """
    owner, at = pixels
    u, v = field.reshape(-1, 2)[at].T.astype(np.float64)
    width = 2 * np.pi / _DIRECTIONS
    angle = np.arctan2(v, u)
    nearest = np.rint(angle / width).astype(np.int64)
    bins = owner * _DIRECTIONS + nearest % _DIRECTIONS
    size = (int(owner.max()) + 1) * _DIRECTIONS
    counts = np.bincount(bins, minlength=size).reshape(-1, _DIRECTIONS)
    main = counts.argmax(axis=1)
    # What angles differ by from the middle of their direction is averaged: no jump at 180°.
    beside = np.bincount(bins, angle - nearest * width, size).reshape(-1, _DIRECTIONS)
    lengths = np.bincount(bins, np.hypot(u, v), size).reshape(-1, _DIRECTIONS)
    every = np.arange(len(main))
    number = np.maximum(counts[every, main], 1)
    mean_angle = main * width + beside[every, main] / number
    mean_length = lengths[every, main] / number
    found: Numbers = mean_length[:, None] * np.stack([np.cos(mean_angle), np.sin(mean_angle)], 1)
    return found


def _list_region_pixels(
    regions: mertk.Regions, size: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pixels of all regions: the region of each, and its position in the flattened picture."""
    import cv2

    width, height = size
    found = []
    for number, window in enumerate(resampling.compute_region_slices(regions, size, size)):
        mask = np.zeros((height, width), np.uint8)
        if regions.polygons is None:
            mask[window] = 1
        else:
            corners = np.rint(regions.polygons[number]).astype(np.int32)
            cv2.fillPoly(mask, [corners], 1)
        found.append(np.flatnonzero(mask))
    owner = np.repeat(np.arange(len(found)), [len(at) for at in found])
    return owner, np.concatenate(found)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("mdmo", MDMO, paper="doi:10.1109/TAFFC.2015.2485205")
