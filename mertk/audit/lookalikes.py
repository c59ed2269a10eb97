"""Find copies of a picture, also shifted, scaled, rotated, mirrored or partly covered ones.

Candidates come from a rough comparison of all pictures with all. Each is then registered onto the
other, and counts if nearly all of it is the same, part by part: faces of two people in one room
share the room, not the face.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.clips import Floats

SIDE = 64  # pixels of a picture that is compared
SAME = 0.75
"""The share of a picture's parts that are the same in a copy.

Of 225 pairs of different drawn faces the most alike share 0.62 of their parts, of 400 pairs of
photographs of different people (scikit-image's subset of LFW) 0.20.
"""

_PART = 8  # pixels
_ALIKE = 0.9  # the correlation of two parts that show the same
_TEXTURE = 2.0  # grey values, standard deviation: less is a part without anything to see
_ROUGH = 24  # pixels of a picture that is compared with all others
_CANDIDATES = 4  # for each picture
_FEW = 8  # people: with fewer, what most pictures show may be one of them
_MOVES = (
    *((0, 1, 0, 0), (6, 1, 0, 0), (-6, 1, 0, 0), (0, 1.08, 0, 0), (0, 0.92, 0, 0)),
    *((0, 1, 0.04, 0), (0, 1, -0.04, 0), (0, 1, 0, 0.04), (0, 1, 0, -0.04)),
    *((0, 1, 0.03, 0.04), (0, 1, -0.03, 0.04), (0, 1, 0.03, -0.04), (0, 1, -0.03, -0.04)),
)
"""Degrees, zoom, and shares of the picture to the right and down that a candidate may be moved."""

_WHOLE, _HALF = slice(None), _ROUGH // 2
_HALVES = (
    (_WHOLE, _WHOLE),
    *((slice(_HALF), _WHOLE), (slice(_HALF, None), _WHOLE)),
    *((_WHOLE, slice(_HALF)), (_WHOLE, slice(_HALF, None))),
)


def shrink_picture(picture: NDArray[Any]) -> Floats:
    """A grey picture `[height, width]` as `[64, 64]`."""
    import cv2

    small = cv2.resize(picture.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def find_lookalikes(pictures: Floats, people: NDArray[np.str_]) -> list[tuple[int, int]]:
    """Pairs of different people's pictures `[pictures, 64, 64]` that are copies of each other."""
    _, first, of_clip = np.unique(people, return_index=True, return_inverse=True)
    common = np.median(pictures[first], axis=0) if len(first) >= _FEW else None
    found = set()
    for one, other, mirrored in _find_candidates(pictures, of_clip):
        second = np.ascontiguousarray(pictures[other][:, ::-1] if mirrored else pictures[other])
        if compute_same_share(pictures[one], second, common) >= SAME:
            found.add((min(one, other), max(one, other)))
    return sorted(found)


def compute_same_share(one: Floats, other: Floats, common: Floats | None = None) -> float:
    """The share of parts that are the same once `other` lies on `one`; both `[64, 64]`.

    What is flat in either says nothing, nor does what the `common` picture shows as well.
    """
    return max(
        _compare_pictures(one, other, warp, common) for warp in _register_pictures(one, other)
    )


def _register_pictures(one: Floats, other: Floats) -> list[Floats]:
    """Warps `[2, 3]` that may lay `other` onto `one`: a shift, for covered pictures, and affine."""
    import cv2

    shift, _ = cv2.phaseCorrelate(one, other)
    # Where pictures differ, the shift is wrong, so a picture that was not moved is tried as well.
    start = np.eye(2, 3, dtype=np.float32)
    shifted = start.copy()
    shifted[:, 2] = shift
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 60, 1e-4)
    mask = _mask_texture(other)
    try:
        _, affine = cv2.findTransformECC(one, other, start.copy(), cv2.MOTION_AFFINE, stop, mask, 5)
    except cv2.error:  # it says so where it finds no warp
        return [shifted, start]
    return [shifted, start, np.asarray(affine, np.float32)]


def _mask_texture(picture: Floats) -> NDArray[np.uint8]:
    """Where there is texture to register: a flat part, such as a black bar, would move the warp."""
    import cv2

    around = np.ones((5, 5), np.uint8)
    spread = cv2.dilate(picture, around) - cv2.erode(picture, around)
    return np.where(spread > 2 * _TEXTURE, 255, 0).astype(np.uint8)


def _compare_pictures(one: Floats, other: Floats, warp: Floats, common: Floats | None) -> float:
    import cv2

    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (SIDE, SIDE)
    laid = cv2.warpAffine(other, warp, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    there = (
        _split_into_parts(cv2.warpAffine(np.ones_like(other), warp, size, flags=flags)).min(axis=1)
        > 0.9
    )
    own, its = _split_into_parts(one), _split_into_parts(laid)
    textured = own.std(axis=1) > _TEXTURE
    if common is not None:
        textured &= _correlate_parts(own, _split_into_parts(common)) < _ALIKE
    counted = textured & there & (its.std(axis=1) > _TEXTURE / 2)
    if counted.sum() < max(_PART, textured.sum() / 2):
        return 0.0
    return float((_correlate_parts(own, its)[counted] > _ALIKE).mean())


def _split_into_parts(picture: Any) -> Floats:
    """A picture `[64, 64]` as parts `[64, 64 pixels]`."""
    count = SIDE // _PART
    parts = np.reshape(picture, (count, _PART, count, _PART)).swapaxes(1, 2)
    return np.asarray(parts.reshape(count * count, _PART * _PART))


def _correlate_parts(one: Floats, other: Floats) -> Floats:
    centred = one - one.mean(axis=1, keepdims=True), other - other.mean(axis=1, keepdims=True)
    spread = one.std(axis=1) * other.std(axis=1)
    return np.asarray((centred[0] * centred[1]).mean(axis=1) / np.maximum(spread, 1e-6))


def _find_candidates(pictures: Floats, people: NDArray[np.intp]) -> Sequence[tuple[int, int, bool]]:
    """For each picture those of other people that are most like it; the last says: mirrored.

    Halves are compared as well as whole pictures, as a part may be covered.
    """
    found: set[tuple[int, int, bool]] = set()
    rough = _blur_pictures(pictures)
    for mirrored in (False, True):
        moved = [_warp_rough(rough[..., ::-1] if mirrored else rough, *move) for move in _MOVES]
        for rows, columns in _HALVES:
            own = _remove_common(rough[:, rows, columns])
            others = [own @ _remove_common(of_move[:, rows, columns]).T for of_move in moved]
            alike = np.max(others, axis=0)
            alike[people[:, None] == people] = -np.inf
            likest = np.argsort(-alike, axis=1)[:, :_CANDIDATES]
            for one, other in np.stack([np.indices(likest.shape)[0], likest], -1).reshape(-1, 2):
                if alike[one, other] > 0:
                    found.add((int(one), int(other), mirrored))
    return sorted(found)


def _blur_pictures(pictures: Floats) -> Floats:
    """Blurred pictures `[pictures, 24, 24]`."""
    import cv2

    size = (_ROUGH, _ROUGH)
    return np.stack(
        [
            cv2.resize(cv2.GaussianBlur(one, (0, 0), 3), size, interpolation=cv2.INTER_AREA)
            for one in pictures
        ]
    )


def _warp_rough(rough: Floats, degrees: float, zoom: float, right: float, down: float) -> Floats:
    import cv2

    warp = cv2.getRotationMatrix2D((_ROUGH / 2 - 0.5, _ROUGH / 2 - 0.5), degrees, zoom)
    warp[:, 2] += np.array([right, down]) * _ROUGH
    size, border = (_ROUGH, _ROUGH), cv2.BORDER_REPLICATE
    return np.stack(
        [cv2.warpAffine(np.ascontiguousarray(one), warp, size, borderMode=border) for one in rough]
    )


def _remove_common(rough: Floats) -> Floats:
    """Pictures as rows without light and contrast, and without what all share, of length 1."""
    rows = rough.reshape(len(rough), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    rows = rows / np.maximum(rows.std(axis=1, keepdims=True), 1e-6)
    rows = rows - rows.mean(axis=0)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6))
