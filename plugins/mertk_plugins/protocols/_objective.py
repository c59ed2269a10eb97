"""Objective classes (Davison et al. 2018): expressions by their action units, not by emotion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import MappedLabels, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PAPER = "doi:10.3390/jimaging4100119"

_CLASSES = ("I", "II", "III", "IV", "V")
_CLASS_OF = {str(number): name for number, name in enumerate(_CLASSES, 1)}
_SAMM = {"I": 24, "II": 13, "III": 20, "IV": 8, "V": 3}
_OF_2018 = "objective_class_megc2018"


class ObjectiveClasses(MappedLabels):
    """CASME II and SAMM in objective classes I–V; VI and VII are left out."""

    classes = _CLASSES
    column = "objective_class"
    class_of = words_of(casme2=_CLASS_OF, samm=_CLASS_OF)


class ObjectiveClasses2018(ObjectiveClasses):
    """The same with the classes of CASME II that MEGC 2018 published in a file of their own."""

    def word(self, clip: mertk.Clip) -> str:
        """The clip's objective class, as MEGC 2018 has it."""
        if clip.dataset != "casme2":
            return super().word(clip)
        if _OF_2018 not in clip.record:
            raise mertk.ProtocolError(
                "MEGC 2018 has objective classes of its own: put CASME2-ObjectiveClasses.xlsx "
                "into the folder of CASME II"
            )
        return str(clip.record[_OF_2018])


def make_published_list(casme2: Mapping[str, int]) -> Manifest:
    """The list with these classes of CASME II and those of SAMM's own column."""
    return Manifest(counts={"casme2": casme2, "samm": _SAMM}, subjects={"casme2": 26, "samm": 21})


MEGC2018 = make_published_list({"I": 25, "II": 15, "III": 99, "IV": 26, "V": 20})
"""The 253 clips of MEGC 2018."""
