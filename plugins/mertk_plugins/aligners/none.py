"""No registration: the footage as it is, for cropped data sets and precomputed flow maps."""

from __future__ import annotations

import numpy as np

import mertk


class NoAlignment:
    """Leave the frames as they are, for cropped data sets and for clips that have a flow map alone.

    Landmarks of the data set are passed along.
    """

    def align(self, footage: mertk.Footage) -> mertk.Faces:
        """The footage's own frames and landmarks, under the identity transform."""
        return footage.faces(landmarks=footage.landmarks, transform=np.eye(2, 3))


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.aligner("none", NoAlignment)
