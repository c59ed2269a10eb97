"""Action units in CASME II."""

from __future__ import annotations

import mertk
from mertk_plugins.protocols import _aus as aus


class CASME2ActionUnits(aus.ActionUnits):
    """CASME II's action units 1, 2, 4, 7, 12, 14, 15 and 17, leaving one subject out.

    255 clips of the 2019 spreadsheet, 250 of that of 2014, which leaves five clips uncoded, 256 of
    the updated one.
    """

    datasets = ("casme2",)
    classes = ("AU1", "AU2", "AU4", "AU7", "AU12", "AU14", "AU15", "AU17")
    manifests = aus.published_by_edition(classes)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("au_casme2", CASME2ActionUnits, paper=aus.PAPER)
