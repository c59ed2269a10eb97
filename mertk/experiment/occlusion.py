"""Occlusion maps: how a prediction changes when the motion of a part of the face is removed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.clips import Faces, Footage, Pixels
from mertk.evaluation.outcomes import Outcome
from mertk.experiment.refit import Refit, clips_of, task_of
from mertk.experiment.trained_model import TrainedModel
from mertk.pipeline.pipeline import Stage, locate_face
from mertk.plugins.loader import Plugins

Predict = Callable[[Footage], NDArray[np.floating[Any]]]

GRID = (7, 6)  # rows and columns of the cells: about as large as an eye


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Occlusion:
    """How much the probability of the `predicted` class falls when a cell has no motion.

    `drop` `[rows, columns]` are differences from `probability`, that of the whole clip.
    """

    model: str
    predicted: str
    probability: float
    drop: NDArray[np.float64]


def compute_occlusion_maps(
    models: Sequence[Outcome], plugins: Plugins, stages: Sequence[Stage], uids: Sequence[str]
) -> dict[str, list[Occlusion]]:
    """An occlusion map of each model by clip, on the face as `stages` register it.

    The folds that hold the clips out are fitted again, each once.
    """
    clips = clips_of(models[0].run, plugins)
    found: dict[str, list[Occlusion]] = {uid: [] for uid in uids}
    for outcome in models:
        again = Refit(outcome.run, task_of(outcome.run, clips, plugins), plugins)
        fitted: dict[str, TrainedModel] = {}
        task_clips = dict(zip(again.task.sample.uids, again.task.clips, strict=True))
        folds = outcome.predictions.drop_duplicates("uid").set_index("uid")["fold"]
        for uid in uids:
            if folds[uid] not in fitted:
                fitted[folds[uid]] = again.without(uid)
            model, footage = fitted[folds[uid]], task_clips[uid].footage
            if len(footage.frames):
                faces, _ = locate_face(stages, footage)
                found[uid].append(
                    occlude_cells(
                        model.predict, footage, faces, model=model.name, classes=model.classes
                    )
                )
    return found


def occlude_cells(
    predict: Predict,
    footage: Footage,
    faces: Faces,
    *,
    model: str,
    classes: Sequence[str],
    grid: tuple[int, int] = GRID,
) -> Occlusion:
    """Predict the clip once per cell of the face, each time with the motion of that cell removed.

    A stilled cell has the pixels of the onset frame in all frames, so that nothing moves in it and
    nothing foreign is in the picture; where the head moves, its edge shows. Cells lie on the
    registered face; where that is no affine warp of the footage, on the footage itself.
    """
    whole = np.asarray(predict(footage), np.float64)
    best = int(whole.argmax())
    rows, columns = grid
    drop = np.zeros(grid)
    for row in range(rows):
        for column in range(columns):
            cell = (column / columns, row / rows, (column + 1) / columns, (row + 1) / rows)
            without = predict(still_cell(footage, faces, cell))
            drop[row, column] = whole[best] - np.asarray(without, np.float64)[best]
    return Occlusion(
        model=model, predicted=classes[best], probability=float(whole[best]), drop=drop
    )


def still_cell(footage: Footage, faces: Faces, cell: tuple[float, float, float, float]) -> Footage:
    """The footage with a cell (x0, y0, x1, y1 as shares of the registered face) as at onset."""
    import cv2

    first = footage.frames[footage.onset]
    corners = _locate_corners(first, faces, cell)
    mask = np.zeros(first.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.rint(corners).astype(np.int32), 1)
    return replace(footage, frames=footage.frames.map(_Still(first, mask[..., None] > 0)))


@dataclass(frozen=True, slots=True, eq=False)
class _Still:
    """Takes some pixels from another picture."""

    first: Pixels
    where: NDArray[np.bool_]

    def __call__(self, picture: Pixels) -> Pixels:
        return np.asarray(np.where(self.where, self.first, picture), np.uint8)


def _locate_corners(
    first: Pixels, faces: Faces, cell: tuple[float, float, float, float]
) -> NDArray[np.float64]:
    """A cell's corners `[4, 2]` in pixels of the footage."""
    x0, y0, x1, y1 = cell
    shares = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    if faces.transform is None:
        return np.asarray(shares * np.array(first.shape[1::-1]))
    registered = shares * np.array(faces.size)
    turn, shift = faces.transform[:, :2], faces.transform[:, 2]
    return np.asarray(np.linalg.solve(turn, (registered - shift).T).T)
