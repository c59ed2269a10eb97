"""Action units in MMEW."""

from __future__ import annotations

import mertk
from mertk_plugins.protocols import _aus as aus


class MMEWActionUnits(aus.ActionUnits):
    """MMEW's action units 1, 2, 4, 5, 7, 10, 12 and 14, leaving one subject out.

    300 clips.
    """

    datasets = ("mmew",)
    classes = ("AU1", "AU2", "AU4", "AU5", "AU7", "AU10", "AU12", "AU14")
    manifests = (aus.published(classes, mmew=aus.MMEW),)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("au_mmew", MMEWActionUnits, paper=aus.PAPER)
