"""The landmarks of one frame: those of the data set, or those that dlib finds.

dlib has two models. That of 68 points was trained on iBUG 300-W, whose licence excludes commercial
use. That of 5 points (corners of the eyes, and the nose) was not, and is enough to place the eyes.
"""

from __future__ import annotations

import importlib.util
import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import mertk

Pixels = NDArray[np.uint8]
Points = NDArray[np.float32]

Detector = Literal["auto", "dataset", "dlib"]
"""Where landmarks come from; auto: the data set if it knows them, else dlib."""

Face = Literal["one", "largest", "left", "right"]
"""Which of several faces is meant: the only one or clearly largest, or one by size or place."""

MODEL_VARIABLE = "MERTK_LANDMARK_MODEL"
_MODEL_FILES = {
    5: "shape_predictor_5_face_landmarks.dat",
    68: "shape_predictor_68_face_landmarks.dat",
}
_ALL = 68
_CLEARLY_LARGER = 2.0  # of two faces, the larger is meant if its area is this many times the other
_WEAK = 0.2  # of the strongest detection's score: below it is a pattern that resembles a face
_BORDER = 0.25  # of the picture's longer side, around a face that fills the picture
_GREY = (128, 128, 128)

_INSTALL = (
    "pip install 'mertk[dlib]' brings dlib and its models (note that the data which the model of "
    "68 points was trained on, iBUG 300-W, exclude commercial use; the model of 5 points was not)"
)
_REMEDY = (
    "give landmarks with the data set, use the aligner none where the frames are registered "
    "already, or leave the clip out (--exclude of mertk bench, train and audit)"
)
_SEVERAL = (
    "say which is meant with face=largest, face=left or face=right of the aligner, or crop the "
    "footage to one face"
)


def landmarks_at(
    footage: mertk.Footage, at: int, detector: Detector, *, count: int = _ALL, face: Face = "one"
) -> Points:
    """The landmarks `[count, 2]` (x, y) of frame `at`; the data set's 68 are of the onset frame.

    Args:
        footage: the clip.
        at: number of the frame, 0 or more.
        detector: where landmarks come from: `dataset`, the data set's own 68, of the onset frame;
            `dlib`, found by the package dlib; `auto`, the data set's own where it has them, else
            dlib's.
        count: how many points dlib finds, 5 or 68.
        face: which of several faces is meant: `one`, the only one, or the one that is clearly the
            largest; `largest`; `left` or `right` in the picture.

    Raises:
        DataError: there is no frame, no known landmarks or not one clear face.
        MissingPackageError: dlib or its model is needed and not installed.
    """
    if not len(footage.frames):
        raise mertk.DataError(
            "this clip has no frames, so there is no face to register; "
            "swap the aligner: aligner=none"
        )
    known = footage.landmarks if at == footage.onset else None
    if known is not None and detector != "dlib":
        return _check_points(np.asarray(known, np.float32))
    if detector == "dataset":
        raise mertk.DataError(
            f"the data set knows no landmarks of frame {at}; use detector=auto or detector=dlib"
        )
    where = f"frame {at} of {len(footage.frames)}"
    return _find_landmarks(footage.frames[at], where, count, face)


def find_all_landmarks(
    footage: mertk.Footage, at: int, detector: Detector, *, count: int = _ALL
) -> list[Points]:
    """The landmarks of every face in frame `at`; see `landmarks_at`. None is an empty list."""
    known = footage.landmarks if at == footage.onset else None
    if known is not None and detector != "dlib":
        return [_check_points(np.asarray(known, np.float32))]
    detect, predict = _load_dlib(count)
    boxes, seen, border = _detect_faces(detect, np.ascontiguousarray(footage.frames[at]))
    return [_read_points(predict(seen, box), border) for box in boxes]


def _check_points(points: Points) -> Points:
    if points.shape != (68, 2) or not np.isfinite(points).all():
        raise mertk.DataError(
            f"the data set's landmarks are {list(points.shape)} with "
            f"{int((~np.isfinite(points)).sum())} values that are not finite; expected 68 points "
            "[68, 2]. Use detector=dlib to have them found"
        )
    return points


def _find_landmarks(picture: Pixels, where: str, count: int, face: Face) -> Points:
    detect, predict = _load_dlib(count)
    boxes, seen, border = _detect_faces(detect, np.ascontiguousarray(picture))
    size = f"{picture.shape[1]}x{picture.shape[0]}"
    return _read_points(predict(seen, _choose_box(boxes, f"{where} ({size})", face)), border)


def _read_points(shape: Any, border: int) -> Points:
    return np.array([(p.x - border, p.y - border) for p in shape.parts()], np.float32)


def _detect_faces(detect: Any, picture: Pixels) -> tuple[list[Any], Pixels, int]:
    """The boxes of the faces, the picture that they are of, and the border that it has got."""
    import cv2

    border = round(_BORDER * max(picture.shape[:2]))
    # Most faces are large enough as they are, and enlarging costs four times the work.
    for around, enlarged in ((0, 0), (0, 1), (border, 0), (border, 1)):
        seen: Any = cv2.copyMakeBorder(
            picture, around, around, around, around, cv2.BORDER_CONSTANT, value=_GREY
        )
        boxes, scores, _ = detect.run(seen, enlarged, 0.0)
        strong = [
            box for box, score in zip(boxes, scores, strict=True) if score >= _WEAK * scores[0]
        ]
        if strong:
            return strong, seen, around
    return [], picture, 0


def _choose_box(boxes: list[Any], where: str, face: Face) -> Any:
    """The face that is meant."""
    if not boxes:
        raise mertk.DataError(f"no face found in {where}; {_REMEDY}")
    if face in ("left", "right"):
        return sorted(boxes, key=lambda box: box.left() + box.right())[0 if face == "left" else -1]
    boxes = sorted(boxes, key=lambda box: box.area(), reverse=True)
    unclear = len(boxes) > 1 and boxes[0].area() < _CLEARLY_LARGER * boxes[1].area()
    if unclear and face == "one":
        sizes = ", ".join(
            f"{box.width()}x{box.height()} at x {box.left()}, y {box.top()}" for box in boxes
        )
        raise mertk.DataError(
            f"{len(boxes)} faces found in {where}, none of them clearly the largest: {sizes}; "
            f"{_SEVERAL}"
        )
    return boxes[0]


def _load_dlib(count: int) -> tuple[Any, Any]:
    if importlib.util.find_spec("dlib") is None:
        raise mertk.MissingPackageError(f"finding landmarks needs dlib: {_INSTALL}")
    return _load_models(_find_model(count))


@lru_cache(maxsize=2)
def _load_models(model: str) -> tuple[Any, Any]:
    """Detector and predictor, once per process: reading the model takes half a second."""
    import dlib

    return dlib.get_frontal_face_detector(), dlib.shape_predictor(model)


def _find_model(count: int) -> str:
    """The path of a model: for 68 points the environment's, or that of face_recognition_models."""
    name = _MODEL_FILES[count]
    given = os.environ.get(MODEL_VARIABLE) if count == _ALL else ""
    if given:
        if not Path(given).is_file():
            raise mertk.DataError(
                f"{MODEL_VARIABLE}={given} is not a file; name a {name}, or unset it"
            )
        return given
    # The package itself cannot be imported: it needs pkg_resources, which setuptools has dropped.
    spec = importlib.util.find_spec("face_recognition_models")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder) / "models" / name
        if path.is_file():
            return str(path)
    raise mertk.MissingPackageError(
        f"finding landmarks needs the model {name}: {_INSTALL}; or name a file of 68 points of "
        f"your own in the environment variable {MODEL_VARIABLE}"
    )
