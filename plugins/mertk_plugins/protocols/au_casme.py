"""Action units in CASME."""

from __future__ import annotations

import mertk
from mertk_plugins.protocols import _aus as aus


class CASMEActionUnits(aus.ActionUnits):
    """CASME's action units 1, 4, 9 and 14, leaving one subject out.

    189 clips.
    """

    datasets = ("casme",)
    classes = ("AU1", "AU4", "AU9", "AU14")
    manifests = (aus.published(classes, casme=aus.CASME),)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("au_casme", CASMEActionUnits, paper=aus.PAPER)
