"""Action units in 4DME."""

from __future__ import annotations

import mertk
from mertk_plugins.protocols import _aus as aus


class FourDMEActionUnits(aus.ActionUnits):
    """4DME's action units 1, 2, 4, 6, 7, 12, 17 and 45, leaving one subject out.

    267 clips; AUs that are merely kept from before do not count. How many clips show AU 45 was not
    published.
    """

    datasets = ("fourdme",)
    classes = ("AU1", "AU2", "AU4", "AU6", "AU7", "AU12", "AU17", "AU45")
    manifests = (aus.published(classes, fourdme=aus.FOURDME),)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("au_fourdme", FourDMEActionUnits, paper=aus.PAPER)
