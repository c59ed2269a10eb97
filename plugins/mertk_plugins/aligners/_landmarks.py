"""The 68 landmarks of one frame: those of the data set, or those that dlib finds."""

from __future__ import annotations

import importlib.util
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

import mertk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Points = NDArray[np.float32]

Detector = Literal["auto", "dataset", "dlib"]
"""Where landmarks come from; auto: the data set if it knows them, else dlib."""

MODEL_VARIABLE = "MERTK_LANDMARK_MODEL"
_MODEL_FILE = "shape_predictor_68_face_landmarks.dat"
_CLEARLY_LARGER = 2.0  # of two faces, the larger is meant if its area is this many times the other

_INSTALL = (
    "pip install 'mertk[dlib]' brings dlib and the 68-point model (note that the data which the "
    "model was trained on exclude commercial use)"
)
_REMEDY = (
    "crop the footage closer to the face, give landmarks with the data set, or use the aligner "
    "none where the frames are registered already"
)


def landmarks_at(footage: mertk.Footage, at: int, detector: Detector) -> Points:
    """The 68 points `[68, 2]` (x, y) of frame `at`; the data set's are those of the onset frame.

    Args:
        footage: the clip.
        at: number of the frame, 0 or more.
        detector: where the 68 landmarks come from: `dataset`, the data set's own, of the onset
            frame; `dlib`, found by the package dlib; `auto`, the data set's own where it has them,
            else dlib's.

    Raises:
        DataError: there is no frame, no known landmarks or not one clear face.
        MissingPackageError: dlib or its model is needed and not installed.
    """
    if not len(footage.frames):
        raise mertk.DataError(
            "this clip has a precomputed flow map and no frames, so there is no face to register; "
            "swap the aligner: aligner=none"
        )
    known = footage.landmarks if at == footage.onset else None
    if known is not None and detector != "dlib":
        return _check_points(np.asarray(known, np.float32))
    if detector == "dataset":
        raise mertk.DataError(
            f"the data set knows no landmarks of frame {at}; use detector=auto or detector=dlib"
        )
    return _find_landmarks(footage.frames[at], f"frame {at} of {len(footage.frames)}")


def _check_points(points: Points) -> Points:
    if points.shape != (68, 2) or not np.isfinite(points).all():
        raise mertk.DataError(
            f"the data set's landmarks are {list(points.shape)} with "
            f"{int((~np.isfinite(points)).sum())} values that are not finite; expected 68 points "
            "[68, 2]. Use detector=dlib to have them found"
        )
    return points


def _find_landmarks(picture: Pixels, where: str) -> Points:
    detect, predict = _load_dlib()
    picture = np.ascontiguousarray(picture)
    # Most faces are large enough as they are, and enlarging costs four times the work.
    boxes = list(detect(picture, 0) or detect(picture, 1))
    shape = predict(picture, _one_of(boxes, f"{where} ({picture.shape[1]}x{picture.shape[0]})"))
    return np.array([(point.x, point.y) for point in shape.parts()], np.float32)


def _one_of(boxes: list[Any], where: str) -> Any:
    """The one face, or the one that is clearly the largest."""
    if not boxes:
        raise mertk.DataError(f"no face found in {where}; {_REMEDY}")
    boxes = sorted(boxes, key=lambda box: box.area(), reverse=True)
    if len(boxes) > 1 and boxes[0].area() < _CLEARLY_LARGER * boxes[1].area():
        sizes = ", ".join(
            f"{box.width()}x{box.height()} at x {box.left()}, y {box.top()}" for box in boxes
        )
        raise mertk.DataError(
            f"{len(boxes)} faces found in {where}, none of them clearly the largest: {sizes}; "
            f"{_REMEDY}"
        )
    return boxes[0]


def _load_dlib() -> tuple[Any, Any]:
    if importlib.util.find_spec("dlib") is None:
        raise mertk.MissingPackageError(f"finding landmarks needs dlib: {_INSTALL}")
    return _load_models(_find_model())


@lru_cache(maxsize=1)
def _load_models(model: str) -> tuple[Any, Any]:
    """Detector and predictor, once per process: reading the model takes half a second."""
    import dlib

    return dlib.get_frontal_face_detector(), dlib.shape_predictor(model)


def _find_model() -> str:
    """The path of the 68-point model: the environment's, or that of face_recognition_models."""
    given = os.environ.get(MODEL_VARIABLE)
    if given:
        if not Path(given).is_file():
            raise mertk.DataError(
                f"{MODEL_VARIABLE}={given} is not a file; name a {_MODEL_FILE}, or unset it"
            )
        return given
    # The package itself cannot be imported: it needs pkg_resources, which setuptools has dropped.
    spec = importlib.util.find_spec("face_recognition_models")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder) / "models" / _MODEL_FILE
        if path.is_file():
            return str(path)
    raise mertk.MissingPackageError(
        f"finding landmarks needs the model {_MODEL_FILE}: {_INSTALL}; or name a file of your "
        f"own in the environment variable {MODEL_VARIABLE}"
    )
