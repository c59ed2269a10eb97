"""Action units across six databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mertk
from mertk_plugins.protocols import _aus as aus
from mertk_plugins.protocols._databases import across_databases

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class CrossDatabaseActionUnits(aus.ActionUnits):
    """CD6ME: twelve action units in six databases, leaving one database out.

    2031 clips of CASME, CASME II (updated file: 256), SAMM, 4DME, MMEW and CAS(ME)^3 part A; 2030
    with the 2019 spreadsheet of CASME II and 2025 with that of 2014. CASME has no clip with AU 5.
    """

    datasets = ("casme", "casme2", "samm", "fourdme", "mmew", "casme3")
    classes = aus.AUS
    manifests = aus.published_by_edition(
        classes,
        casme=aus.CASME,
        samm=aus.SAMM,
        fourdme=aus.FOURDME,
        mmew=aus.MMEW,
        casme3=aus.CASME3,
    )

    def splits(self, clips: Sequence[mertk.Clip], /) -> Iterable[mertk.Split]:
        """One fold per database, named after it."""
        return across_databases(clips)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("cd6me", CrossDatabaseActionUnits, paper=aus.PAPER)
