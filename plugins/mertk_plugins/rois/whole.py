"""The whole face as one region."""

from __future__ import annotations

import numpy as np

import mertk


class Whole:
    """One region, `face`: the whole registered picture."""

    def locate(self, faces: mertk.Faces) -> mertk.Regions:
        """The full picture as one box `[1, 4]`."""
        return mertk.Regions(names=("face",), boxes=np.array([[0, 0, *faces.size]], np.int64))


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.roi("whole", Whole)
