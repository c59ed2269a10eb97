"""Objective classes (Davison et al. 2018): expressions by their action units, not by emotion.

Both evaluations of the Micro-Expression Grand Challenge 2018, and the composite that spatio-
temporal fusion of facial regions was evaluated on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mertk
from mertk.core import metrics
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._databases import AcrossDatabases
from mertk_plugins.protocols._mapped import MappedLabels, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

_PAPER = "doi:10.3390/jimaging4100119"

_CLASSES = ("I", "II", "III", "IV", "V")
_CLASS_OF = {str(number): name for number, name in enumerate(_CLASSES, 1)}
_SAMM = {"I": 24, "II": 13, "III": 20, "IV": 8, "V": 3}
_SAMM_LIST = "28e1b13bd149794f7b0f88750ec9a1f3138580cc315ac814b54315d7201982df"
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


def _make_list(casme2: Mapping[str, int], sha256: str) -> Manifest:
    """The list with these classes of CASME II, of this hash, and those of SAMM's own column."""
    return Manifest(
        counts={"casme2": casme2, "samm": _SAMM},
        subjects={"casme2": 26, "samm": 21},
        parts={"casme2": sha256, "samm": _SAMM_LIST},
    )


_MEGC2018 = _make_list(
    {"I": 25, "II": 15, "III": 99, "IV": 26, "V": 20},
    "8355c94d0d64fb6f4f35fdcdad5ace2c728423b8e95781dcf70363a05c0bbe5e",
)
"""The 253 clips of MEGC 2018."""


class MEGC2018Composite(ObjectiveClasses2018):
    """MEGC 2018, composite: objective classes I–V, leaving one of 47 subjects out.

    253 clips: 185 of CASME II (25, 15, 99, 26, 20), whose classes are in
    CASME2-ObjectiveClasses.xlsx, and 68 of SAMM (24, 13, 20, 8, 3).
    """

    manifests = (_MEGC2018,)

    def score(self, confusion: NDArray[np.floating[Any]], /) -> Mapping[str, NDArray[Any]]:
        """F1, unweighted and weighted by the classes' clips, as the challenge defines it; UAR."""
        return {
            "UF1": metrics.uf1(confusion),
            "weighted F1": metrics.weighted_f1(confusion),
            "UAR": metrics.uar(confusion),
        }


class MEGC2018Holdout(AcrossDatabases, ObjectiveClasses2018):
    """MEGC 2018, holdout: objective classes I–V, trained on CASME II or SAMM, tested on the other.

    The 253 clips of `megc2018_cde`; each fold is named after the database that it tests.
    """

    manifests = (_MEGC2018,)

    def score(self, confusion: NDArray[np.floating[Any]], /) -> Mapping[str, NDArray[Any]]:
        """Average recall, unweighted (UAR) and weighted (WAR, which is the accuracy)."""
        return {"UAR": metrics.uar(confusion), "WAR": metrics.accuracy(confusion)}


class ObjectiveFive(ObjectiveClasses):
    """Objective classes I–V of CASME II and SAMM by their own columns, leaving one subject out.

    242 clips of 47 people (54, 31, 113, 23, 21): 174 of CASME II and 68 of SAMM, as many of each
    class as Aouayeb et al. (2022) have. They made their column of CASME II from the action units;
    here it is that of the 2019 spreadsheet, which has the same counts, but has not been compared
    clip by clip. MEGC 2018 has other classes for CASME II: see `megc2018_cde`.
    """

    manifests = (
        _make_list(
            {"I": 30, "II": 18, "III": 93, "IV": 15, "V": 18},
            "29ec095912d4f8770770b53c1b5ff422fdadf5545bff453527e61145a9484252",
        ),
    )

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
    register.protocol("megc2018_cde", MEGC2018Composite, paper=_PAPER)
    register.protocol("megc2018_hde", MEGC2018Holdout, paper=_PAPER)
    register.protocol("objective5", ObjectiveFive, paper="doi:10.3389/frsip.2022.861469")
