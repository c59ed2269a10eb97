"""Optical flow between two pictures, its strain, and what is commonly done to it before learning.

Flow is float32 `[h, w, 2]` in pixels: u to the right, v downwards, of the first picture's points.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from mertk.core.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mertk.core.clips import Faces, Floats, Pixels

_SPARSE = 7  # every 7th pixel is enough for four numbers
_ROUNDS = 5
_LEAST_RESIDUAL = 0.05  # pixels

Method = Literal["farneback", "farneback_emr", "dis", "tvl1"]
Normalisation = Literal["minmax", "minmax255", "signed_max", "none"]


def optical_flow(onset: Pixels, target: Pixels, method: Method = "farneback") -> Floats:
    """Flow `[h, w, 2]` from one grey picture `[h, w]` uint8 to another.

    Two equal pictures have a flow of 0.

    Args:
        onset: the first picture.
        target: the picture that the flow leads to, of the same size.
        method: how optical flow is computed: `farneback`; `farneback_emr`, the same with the
            parameters of Liu et al. 2019; `dis` (Kroeger et al. 2016); or `tvl1` (Zach et al.
            2007), which most papers name. `tvl1` takes about a second for a picture of 224 x 224
            pixels, the others some 10 ms. It is computed by OpenCV's contrib build, or else by
            scikit-image (`find_engine`), whose flow is not the same.

    Raises:
        UnknownNameError: there is no such method.
        DataError: the pictures are not grey uint8 pictures of one size.
    """
    if method not in _METHODS:
        raise UnknownNameError("flow method", method, _METHODS)
    for picture in (onset, target):
        if picture.dtype != np.uint8 or picture.ndim != 2 or picture.shape != onset.shape:
            raise DataError(
                f"flow from {onset.dtype} {list(onset.shape)} to {target.dtype} "
                f"{list(target.shape)}: both must be grey uint8 [h, w] of one size; "
                "mertk.vision.optical_flow.convert_to_grey makes them from RGB"
            )
    if np.array_equal(onset, target):
        # What the methods find is rounding error, which normalising would make a motion of.
        return np.zeros((*onset.shape, 2), np.float32)
    return _METHODS[method](np.ascontiguousarray(onset), np.ascontiguousarray(target))


def find_engine(method: Method) -> str:
    """Which library computes a method of `optical_flow` in this installation.

    `tvl1` of OpenCV and of scikit-image differ, so that results have this in their identity.
    """
    import cv2

    if method == "tvl1" and not hasattr(cv2, "optflow"):
        return "scikit-image"
    return "OpenCV contrib" if method == "tvl1" else "OpenCV"


def strain(flow: Floats) -> Floats:
    """Optical strain `[h, w]` of a flow `[h, w, 2 or more]`: the norm of its symmetric gradient.

    sqrt(u_x² + v_y² + (u_y + v_x)² / 2) by central differences. It is 0 for a translation, ~0 for
    a small rotation, and `a` for the stretch u = a·x.
    """
    u_y, u_x = np.gradient(flow[..., 0])
    v_y, v_x = np.gradient(flow[..., 1])
    found: Floats = np.sqrt(u_x**2 + v_y**2 + 0.5 * (u_y + v_x) ** 2)
    return found.astype(np.float32, copy=False)


def remove_head_motion(flow: Floats, mask: NDArray[np.bool_]) -> Floats:
    """A flow `[h, w, 2]` less the shift, turn and scale that most vectors in a mask agree on.

    The similarity is fitted to the pixels of the mask `[h, w]` by least absolute deviations
    (reweighted least squares), so that the part of a face that moves by itself hardly counts.
    """
    height, width = mask.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    y, x = rows / height - 0.5, columns / height - 0.5 * width / height
    some = np.flatnonzero(mask)[::_SPARSE]
    vectors = flow.reshape(-1, 2)[some].astype(np.float64)
    one, zero = np.ones(len(some)), np.zeros(len(some))
    ys, xs = y.ravel()[some], x.ravel()[some]
    basis = np.stack([[one, zero, xs, -ys], [zero, one, ys, xs]]).transpose(2, 0, 1)
    weights = np.ones(len(some))
    right = down = scale = turn = 0.0
    for _ in range(_ROUNDS):
        weighted = (basis * weights[:, None, None]).reshape(-1, 4)
        target = (vectors * weights[:, None]).ravel()
        right, down, scale, turn = np.linalg.lstsq(weighted, target, rcond=None)[0]
        left = vectors - basis @ np.array([right, down, scale, turn])
        weights = 1 / np.sqrt(np.maximum(np.hypot(left[:, 0], left[:, 1]), _LEAST_RESIDUAL))
    common = np.dstack([right + scale * x - turn * y, down + scale * y + turn * x])
    found: Floats = np.asarray(flow - common, np.float32)
    return found


def onset_apex(faces: Faces, method: Method = "farneback") -> Floats:
    """The map `[h, w, 3]` (u, v, strain) from onset to apex, or to the middle without an apex.

    A precomputed map of the data set (`faces.flow`) is taken as it is.

    Examples:
        >>> from mertk.vision import optical_flow
        >>> faces = mertk.load_dataset("synthetic:subjects=2")[0].footage.faces()
        >>> optical_flow.onset_apex(faces).shape
        (256, 256, 3)
    """
    if faces.flow is not None:
        return np.asarray(faces.flow, np.float32)
    onset = faces.frames.read_grey(faces.onset)
    apex = faces.frames.read_grey(faces.peak)
    uv = optical_flow(onset, apex, method)
    return np.dstack([uv, strain(uv)])


def convert_to_grey(picture: Pixels) -> Pixels:
    """RGB uint8 `[…, h, w, 3]` as grey uint8 `[…, h, w]` (0.299 R + 0.587 G + 0.114 B)."""
    import cv2

    flat = np.ascontiguousarray(picture).reshape(-1, picture.shape[-2], 3)
    if not flat.size:
        return np.empty(picture.shape[:-1], np.uint8)
    return cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY).reshape(picture.shape[:-1])  # type: ignore[return-value]


def normalise_flow(flow: Floats, mode: Normalisation) -> Floats:
    """One clip's flow `[…, channels]`, each channel scaled by its own extremes over all the rest.

    `minmax` maps to [0, 1]; it is what most papers do, and it loses sign and zero point.
    `minmax255` maps to [0, 255] in the same way. `signed_max` divides by the largest magnitude and
    keeps both. A channel that does not vary becomes 0 under `minmax` and `minmax255`; one that is 0
    everywhere stays so under `signed_max`.
    """
    if mode == "none":
        return flow
    axes = tuple(range(flow.ndim - 1))
    if mode == "signed_max":
        return _divide_safely(flow, np.abs(flow).max(axes))
    if mode not in ("minmax", "minmax255"):
        raise UnknownNameError("flow normalisation", mode, get_args(Normalisation))
    low = flow.min(axes)
    found = _divide_safely(flow - low, flow.max(axes) - low)
    return found * np.float32(255) if mode == "minmax255" else found


def _divide_safely(above: Floats, below: Floats) -> Floats:
    return (above / np.where(below > 0, below, 1)).astype(np.float32)


def _compute_farneback(
    onset: Pixels, target: Pixels, *, levels: int, iterations: int, sigma: float
) -> Floats:
    import cv2

    empty = np.empty((*onset.shape, 2), np.float32)
    return cv2.calcOpticalFlowFarneback(  # type: ignore[return-value]
        onset, target, empty, 0.5, levels, 15, iterations, 5, sigma, 0
    )


def _compute_dis(onset: Pixels, target: Pixels) -> Floats:
    import cv2

    engine = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)  # type: ignore[attr-defined]
    return engine.calc(onset, target, None)  # type: ignore[no-any-return]


def _compute_tvl1(onset: Pixels, target: Pixels) -> Floats:
    import cv2

    if hasattr(cv2, "optflow"):
        engine = cv2.optflow.DualTVL1OpticalFlow_create(
            tau=0.25, lambda_=0.15, theta=0.3, nscales=5, warps=5, epsilon=0.01
        )
        return engine.calc(onset, target, None)  # type: ignore[no-any-return]
    from skimage.registration import optical_flow_tvl1

    # Its data weight is made for [0, 1]: fed 0…255, the flow comes out wrong by pixels.
    ranged = [np.asarray(picture / np.float32(255), np.float32) for picture in (onset, target)]
    rows, columns = optical_flow_tvl1(*ranged, num_warp=5)  # type: ignore[no-untyped-call]
    return np.stack([columns, rows], axis=-1).astype(np.float32)


_METHODS: dict[str, Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.float32]]] = {
    "farneback": functools.partial(_compute_farneback, levels=3, iterations=3, sigma=1.2),
    "farneback_emr": functools.partial(_compute_farneback, levels=1, iterations=2, sigma=1.1),
    "dis": _compute_dis,
    "tvl1": _compute_tvl1,
}
