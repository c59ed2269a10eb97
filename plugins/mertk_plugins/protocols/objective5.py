"""The composite of objective classes that spatio-temporal fusion of facial regions was tried on."""

from __future__ import annotations

import mertk
from mertk_plugins.protocols import _objective as objective


class ObjectiveFive(objective.ObjectiveClasses):
    """Objective classes I–V of CASME II and SAMM by their own columns, leaving one subject out.

    242 clips of 47 people (54, 31, 113, 23, 21): 174 of CASME II and 68 of SAMM, as many of each
    class as Aouayeb et al. (2022) have. They made their column of CASME II from the action units;
    here it is that of the 2019 spreadsheet, which has the same counts, but has not been compared
    clip by clip. MEGC 2018 has other classes for CASME II: see `megc2018_cde`.
    """

    manifests = (objective.make_published_list({"I": 30, "II": 18, "III": 93, "IV": 15, "V": 18}),)

    def word(self, clip: mertk.Clip) -> str:
        """The clip's objective class; raises `ProtocolError` where no column says it."""
        if clip.record.get("objective_class_source") == "rule":
            raise mertk.ProtocolError(
                f"{clip.uid} has no published objective class: the column is in "
                "CASME2-coding-20190701.xlsx, not in older spreadsheets of CASME II"
            )
        return super().word(clip)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("objective5", ObjectiveFive, paper="doi:10.3389/frsip.2022.861469")
