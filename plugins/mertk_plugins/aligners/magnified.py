"""Motion magnification after registration: Eulerian, by Wu et al. 2012."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk_plugins.aligners._eulerian import Eulerian
from mertk_plugins.aligners.eye_similarity import EyeSimilarity
from mertk_plugins.aligners.landmark_crop import LandmarkCrop
from mertk_plugins.aligners.none import NoAlignment

_BASES = {"eye_similarity": EyeSimilarity, "landmark_crop": LandmarkCrop, "none": NoAlignment}


class Magnified:
    """Register the face, then magnify the motion of all frames (Eulerian video magnification).

    What changes within a band of frequencies is added to each frame `alpha` times. Motion so grows
    by a factor of 1 + `alpha` at most. Light and noise within the band grow too. A precomputed flow
    map is dropped, as it shows the motion before magnification.

    It is an aligner because every extractor is to see the magnified frames, and the aligner is the
    one slot that hands on frames. It learns nothing, so it is a pure function of one clip.

    Args:
        base: the aligner that registers the face first, with its default parameters.
        alpha: how many times the changes are added, 0 or more; 0 changes nothing.
        low: lower end of the band of frequencies, in Hz, above 0 and below `high`.
        high: upper end of the band of frequencies, in Hz.
        wavelength: spatial detail finer than this, in pixels, is magnified less, as the linear
            model breaks down there; above 0.
    """

    def __init__(
        self,
        *,
        base: Literal["eye_similarity", "landmark_crop", "none"] = "eye_similarity",
        alpha: float = 8.0,
        low: float = 0.4,
        high: float = 10.0,
        wavelength: float = 16.0,
    ) -> None:
        if alpha < 0 or not 0 < low < high or not wavelength > 0:
            raise ValueError(
                f"alpha={alpha}, low={low}, high={high}, wavelength={wavelength}: alpha not below "
                "0, low and high in order, all others above 0"
            )
        self.base: mertk.Aligner = _BASES[base]()
        self.magnify = Eulerian(alpha=alpha, low=low, high=high, wavelength=wavelength)

    def align(self, footage: mertk.Footage) -> mertk.Faces:
        """Registered, magnified frames; raises `DataError` for a clip without frames."""
        if not len(footage.frames):
            raise mertk.DataError("magnified needs frames; this clip has a flow map alone")
        faces = self.base.align(footage)
        found = [_round_to_pixels(picture) for picture in self.magnify(faces.frames, faces.fps)]
        return replace(faces, frames=mertk.Frames.of(np.stack(found)), flow=None)


def _round_to_pixels(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.aligner("magnified", Magnified, paper="doi:10.1145/2185520.2185561")
