"""Integral projections of the onset-to-apex change, after Huang et al. (2015)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import mertk
from mertk import Card, Recipe, Use

if TYPE_CHECKING:
    from numpy.typing import NDArray


class IntegralProjection:
    """How the rows and the columns of each region change from onset to apex.

    Gives `[regions, 2 * points]`: the mean change of the rows, read at `points` places from top to
    bottom, then that of the columns, from left to right. Changes are divided by their root mean
    square over the face, so that strong and weak expressions compare.

    Args:
        points: number of places at which each of the two curves is read, 1 or more.
    """

    def __init__(self, *, points: int = 8) -> None:
        if points < 1:
            raise ValueError(f"points={points}; at least 1")
        self.points = points

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, 2 * points]`; raises `DataError` for a clip without frames."""
        if not len(faces.frames):
            raise mertk.DataError("integral_projection needs frames; this clip has only a flow map")
        onset, apex = (faces.frames[at].mean(axis=2) for at in (faces.onset, faces.peak))
        change = apex - onset
        change /= max(np.sqrt(np.mean(change**2)), 1e-6)  # onset and apex may be the same frame
        cells = [change[window] for window in regions.windows()]
        return np.array([[*self._read(c.mean(axis=1)), *self._read(c.mean(axis=0))] for c in cells],
                        np.float32)  # fmt: skip

    def _read(self, line: NDArray[np.float64]) -> NDArray[np.float64]:
        places = np.linspace(0, len(line) - 1, self.points)
        return np.interp(places, np.arange(len(line)), line)


RECIPE = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("grid", rows=5, cols=5),
    extractor=Use("integral_projection", points=8),
    classifier=Use("linear_svm", C=1.0),
)

CARD = Card(
    title="Facial Micro-Expression Recognition Using Spatiotemporal Local Binary Pattern with "
    "Integral Projection",
    authors="Huang, Wang, Zhao & Pietikäinen",
    venue="ICCV Workshops",
    year=2015,
    differs=(
        "The projections are the features; the paper takes local binary patterns of them.",
        "The difference is that of apex and onset, and nothing further of the clip is looked at.",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the extractor, and the model that shows what it is for."""
    paper = "doi:10.1109/ICCVW.2015.10"
    register.extractor("integral_projection", IntegralProjection, paper=paper)
    register.model(
        "integral_projection",
        RECIPE,
        summary="Integral projections of the onset-to-apex change on a grid, linear SVM.",
        paper=paper,
        card=CARD,
    )
