"""Synthetic people: portraits made from the one public-domain photograph in scikit-image.

The photograph is NASA's portrait of the astronaut Eileen Collins. A person is a smooth warp of its
face (jaw, eyes, nose, mouth, brows), a mirroring, colours of skin, hair and background, and skin
texture. The 68 landmarks were found once in the photograph and are carried along.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mertk_plugins.datasets._synthetic_warp import (
    Bump,
    invert_field,
    make_grid,
    sample_picture,
    sum_bumps,
)

Floats = NDArray[np.float32]
Coordinates = NDArray[np.float64]

# The 68 points (x, y) of the photograph, in its pixels: mean of 60 fits, spread below 0.8 px.
# fmt: off
_POINTS = (
    179.3, 104.0, 179.5, 115.7, 180.5, 127.0, 181.6, 138.5, 184.6, 150.0, 190.9, 160.0,
    199.7, 168.3, 209.2, 175.6, 220.4, 178.3, 232.1, 176.8, 243.0, 170.9, 253.1, 163.4,
    260.3, 153.8, 264.9, 142.9, 267.8, 131.2, 270.2, 119.9, 271.8, 107.9,
    186.1, 94.2, 192.0, 88.3, 200.4, 87.1, 208.7, 88.8, 216.4, 92.5,
    235.8, 93.7, 243.8, 90.8, 252.0, 90.4, 260.0, 92.2, 265.2, 98.5,
    225.7, 102.2, 225.4, 110.7, 225.2, 118.7, 225.1, 127.2,
    214.2, 131.1, 219.2, 132.5, 224.2, 134.3, 229.4, 133.0, 234.3, 131.8,
    194.9, 101.2, 200.4, 97.8, 206.8, 98.5, 212.3, 103.8, 206.2, 104.2, 199.6, 103.7,
    237.5, 105.2, 243.4, 100.3, 249.8, 100.4, 255.2, 104.2, 250.1, 106.2, 243.7, 106.2,
    200.4, 139.0, 208.9, 139.1, 217.5, 139.4, 223.2, 140.8, 229.3, 139.8, 237.3, 140.2,
    245.5, 140.7, 237.3, 150.8, 228.8, 155.0, 222.2, 155.6, 215.8, 154.6, 207.5, 149.6,
    203.1, 140.2, 217.2, 142.9, 223.0, 144.1, 229.1, 143.3, 242.6, 141.8, 228.9, 149.8,
    222.7, 150.3, 216.6, 149.3,
)
MIRRORED = np.array([
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
])
"""Point i of a mirrored face is point `MIRRORED[i]` of the face."""
# fmt: on

_CENTRE = (225.0, 128.0)  # of the face, in the photograph
_VIEW = 176.0  # the side of the square of the photograph that fills one frame, in its pixels
_NOISE = 2.0  # grey levels
_MARGIN = 8  # a portrait reaches size / _MARGIN beyond the frame on each side


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One person's face in a portrait of `side` pixels: its shape and its 68 points `[68, 2]`.

    The frame of a clip is the portrait's middle; `margin` pixels on each side are there for the
    head to move. `bumps` are the shape as a backward warp of the photograph, in its pixels.
    """

    seed: int
    subject: int
    size: int
    bumps: tuple[Bump, ...]
    mirrored: bool
    landmarks: NDArray[np.float64]

    @property
    def margin(self) -> int:
        """Pixels of the portrait beyond the frame on each side."""
        return self.size // _MARGIN

    @property
    def side(self) -> int:
        """The side of the portrait in pixels."""
        return self.size + 2 * self.margin

    def make_head_pose(self, pose: Coordinates) -> Coordinates:
        """The similarity `[2, 3]` from a frame to the portrait: angle, growth (%), x and y (%)."""
        angle, growth = np.deg2rad(pose[0]), 1 + pose[1] / 100
        turn = growth * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        middle = np.full(2, (self.size - 1) / 2)
        return np.column_stack(
            [turn, middle + self.margin + pose[2:] * self.size / 100 - turn @ middle]
        )

    def render(
        self, moved: Floats, head: Coordinates, light: Coordinates, noise: Sequence[int], by: float
    ) -> NDArray[np.uint8]:
        """A frame `[size, size, 3]` whose pixels show the points `moved` of the face.

        `light` is a gain and two slopes, `noise` the seed of the sensor noise, which is multiplied
        by `by`.
        """
        matrix, size = head.astype(np.float32), self.size
        portrait = draw_portrait(self.seed, self.subject, size)
        picture = sample_picture(portrait, moved @ matrix[:, :2].T + matrix[:, 2])
        gain, across, along = light.astype(np.float32)
        slope = (make_grid(size) - (size - 1) / 2) / np.float32(size)
        light = 1 + gain + across * slope[..., 0] + along * slope[..., 1]
        rng = np.random.default_rng(noise)
        grain = rng.standard_normal((size, size), np.float32) * np.float32(_NOISE * by)
        lighted = picture * light[..., None] + grain[..., None]
        return np.asarray(np.clip(lighted + np.float32(0.5), 0, 255).astype(np.uint8))


@functools.lru_cache(maxsize=256)
def draw_person(seed: int, subject: int, size: int) -> Person:
    """Person number `subject`: the same whatever else is in the set, at any frame size."""
    rng = np.random.default_rng([1, seed, subject])
    bumps, mirrored = _draw_face_shape(rng), bool(rng.random() < 0.5)
    scale, corner = _place_portrait(size)
    points = (invert_field(lambda x: sum_bumps(bumps, x), _list_landmarks()) - corner) * scale
    found = Person(seed, subject, size, bumps, mirrored, points)
    if not mirrored:
        return found
    points = np.stack([found.side - 1 - points[MIRRORED, 0], points[MIRRORED, 1]], axis=-1)
    return replace(found, landmarks=points)


@functools.lru_cache(maxsize=32)
def draw_portrait(seed: int, subject: int, size: int) -> NDArray[np.uint8]:
    """The person with a neutral face `[side, side, 3]`; not to be written to."""
    found = draw_person(seed, subject, size)
    scale, corner = _place_portrait(size)
    at = make_grid(found.side) / np.float32(scale) + corner.astype(np.float32)
    warped = sample_picture(_load_photograph(), at + sum_bumps(found.bumps, at))
    if found.mirrored:
        warped = np.ascontiguousarray(warped[:, ::-1])
    pixels = _colour_face(np.random.default_rng([2, seed, subject]), warped, found.landmarks, scale)
    pixels.flags.writeable = False
    return pixels


def _place_portrait(size: int) -> tuple[float, NDArray[np.float64]]:
    """Frame pixels per pixel of the photograph, and where in it the portrait's corner is."""
    scale = (size - 1) / _VIEW
    return scale, np.array(_CENTRE) - _VIEW / 2 - size // _MARGIN / scale


def _list_landmarks() -> NDArray[np.float64]:
    return np.array(_POINTS, np.float64).reshape(68, 2)


@functools.lru_cache(maxsize=1)
def _load_photograph() -> Floats:
    import cv2
    from skimage.data import data_dir  # `astronaut` would import a quarter of scikit-image

    coded = np.fromfile(Path(data_dir) / "astronaut.png", np.uint8)
    decoded = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    return np.ascontiguousarray(decoded[..., ::-1], np.float32)


def _draw_face_shape(rng: np.random.Generator) -> tuple[Bump, ...]:
    """The person's face shape as a backward warp of the photograph, in its pixels.

    A stretch below 0 makes a part larger.
    """
    points = _list_landmarks()
    parts = (  # the points of a part, its spread, how much it may shift and stretch
        (range(17), 46.0, (0.0, 2.0), 0.12),  # the whole face: width and length
        (range(4, 13), 22.0, (0.0, 4.0), 0.16),  # the jaw
        (range(36, 42), 13.0, (2.2, 1.6), 0.20),  # the eyes
        (range(42, 48), 13.0, (2.2, 1.6), 0.20),
        (range(27, 36), 13.0, (0.6, 3.0), 0.22),  # the nose
        (range(48, 60), 16.0, (0.8, 2.4), 0.18),  # the mouth
        (range(17, 22), 11.0, (0.8, 2.0), 0.15),  # the brows
        (range(22, 27), 11.0, (0.8, 2.0), 0.15),
    )
    eyes, brows = rng.uniform(-1, 1, 2), rng.uniform(-1, 1, 2)
    bumps = []
    for at, spread, (across, along), stretch in parts:
        pull = rng.uniform(-1, 1, 4)
        pair = eyes if at.start in (36, 42) else brows
        if at.start in (36, 42, 17, 22):  # the two sides of a face differ little
            side = 1 if at.start in (36, 17) else -1
            pull[:2] = (side * pair[0] + 0.15 * pull[0], pair[1] + 0.15 * pull[1])
            pull[2:] = 0.8 * pair[::-1] + 0.2 * pull[2:]
        x, y = points[list(at)].mean(axis=0)
        shift = (across * pull[0], along * pull[1])
        bumps.append(Bump((x, y), spread, shift, (stretch * pull[2], stretch * pull[3])))
    for x, y in rng.uniform((150, 40), (300, 210), (10, 2)):  # hair, chin, cheeks: anything
        bumps.append(Bump((x, y), 26.0, tuple(rng.normal(0, 2.4, 2))))
    return tuple(bumps)


def _colour_face(
    rng: np.random.Generator, picture: Floats, points: NDArray[np.float64], scale: float
) -> NDArray[np.uint8]:
    """The person's colours and texture on the warped photograph `[side, side, 3]` (0 … 255)."""
    flesh, hair, inside = _make_masks(picture, points, scale)
    value = np.clip(picture / 255, 1e-3, 1)
    grey = value.mean(axis=-1, keepdims=True)
    dark = rng.uniform(0.0, 1.0) ** 1.3
    tone = np.array([1.0, 1.0 - 0.06 * dark, 1.0 - 0.14 * dark]) * rng.uniform(0.96, 1.05, 3)
    skin = value ** (0.9 + 1.2 * dark) * tone * (1 - 0.12 * dark)
    tint = rng.uniform((0.8, 0.62, 0.4), (1.1, 0.95, 0.85)) * rng.uniform(0.4, 1.05)
    locks = grey ** rng.uniform(0.7, 1.9) * tint
    wall = grey ** rng.uniform(0.7, 2.0) * rng.uniform(0.5, 1.1) * rng.uniform(0.82, 1.1, 3)
    rest = inside * (0.5 * skin + 0.5 * value) + (1 - inside) * wall  # teeth and eyes, or the wall
    mixed = flesh * skin + hair * locks + np.clip(1 - flesh - hair, 0, 1) * rest
    grain = flesh * _draw_texture(rng, picture.shape[0], scale)
    return np.asarray(np.clip(mixed * 255 + grain + 0.5, 0, 255), np.uint8)


def _make_masks(
    picture: Floats, points: NDArray[np.float64], scale: float
) -> tuple[Floats, Floats, Floats]:
    """Where there is skin, hair, and the inside of the face: `[side, side, 1]`, 0 … 1."""
    import cv2

    red, green, blue = (picture[..., c] for c in range(3))
    light = picture.mean(axis=-1)
    flesh = np.clip((red - green - 18) / 22, 0, 1) * np.clip((light - 95) / 40, 0, 1)
    hair = np.clip((red - blue - 22) / 25, 0, 1) * np.clip((150 - light) / 50, 0, 1)
    hull = cv2.convexHull(np.round(points).astype(np.int32))
    inside = cv2.fillConvexPoly(np.zeros(light.shape, np.float32), hull, 1.0)
    soft = [
        np.asarray(cv2.GaussianBlur(mask, (0, 0), blur * scale)[..., None], np.float32)
        for mask, blur in ((flesh, 1.6), (hair, 1.2), (inside, 2.0))
    ]
    return soft[0], soft[1] * (1 - soft[0]), soft[2]


def _draw_texture(rng: np.random.Generator, side: int, scale: float) -> Floats:
    """Skin texture `[side, side, 1]` in grey levels: the same in all clips of a person."""
    import cv2

    fine = max(8, round(side / scale))  # drawn in photograph pixels, so any size shows the same
    total = np.zeros((side, side), np.float32)
    for blur, depth in ((0.7, rng.uniform(2, 6)), (2.5, rng.uniform(1, 4)), (14, 6.0)):
        noise = cv2.GaussianBlur(rng.standard_normal((fine, fine), np.float32), (0, 0), blur)
        total += depth * cv2.resize(noise / noise.std(), (side, side))
    return total[..., None]
