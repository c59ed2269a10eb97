"""Action units in SAMM."""

from __future__ import annotations

import mertk
from mertk_plugins.protocols import _aus as aus


class SAMMActionUnits(aus.ActionUnits):
    """SAMM's action units 2, 4, 7 and 12, leaving one subject out.

    159 clips. Five clips have alternatives ('12 or 14'); counted is what the published counts take.
    """

    datasets = ("samm",)
    classes = ("AU2", "AU4", "AU7", "AU12")
    manifests = (aus.published(classes, samm=aus.SAMM),)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("au_samm", SAMMActionUnits, paper=aus.PAPER)
