"""The two evaluations of the Micro-Expression Grand Challenge 2018: composite and holdout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mertk
from mertk.core import metrics
from mertk_plugins.protocols import _objective as objective
from mertk_plugins.protocols._databases import AcrossDatabases

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


class MEGC2018Composite(objective.ObjectiveClasses2018):
    """MEGC 2018, composite: objective classes I–V, leaving one of 47 subjects out.

    253 clips: 185 of CASME II (25, 15, 99, 26, 20), whose classes are in
    CASME2-ObjectiveClasses.xlsx, and 68 of SAMM (24, 13, 20, 8, 3).
    """

    manifests = (objective.MEGC2018,)

    def score(self, confusion: NDArray[np.floating[Any]], /) -> Mapping[str, NDArray[Any]]:
        """F1, unweighted and weighted by the classes' clips, as the challenge defines it; UAR."""
        return {
            "UF1": metrics.uf1(confusion),
            "weighted F1": metrics.weighted_f1(confusion),
            "UAR": metrics.uar(confusion),
        }


class MEGC2018Holdout(AcrossDatabases, objective.ObjectiveClasses2018):
    """MEGC 2018, holdout: objective classes I–V, trained on CASME II or SAMM, tested on the other.

    The 253 clips of `megc2018_cde`; each fold is named after the database that it tests.
    """

    manifests = (objective.MEGC2018,)

    def score(self, confusion: NDArray[np.floating[Any]], /) -> Mapping[str, NDArray[Any]]:
        """Average recall, unweighted (UAR) and weighted (WAR, which is the accuracy)."""
        return {"UAR": metrics.uar(confusion), "WAR": metrics.accuracy(confusion)}


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocols."""
    register.protocol("megc2018_cde", MEGC2018Composite, paper=objective.PAPER)
    register.protocol("megc2018_hde", MEGC2018Holdout, paper=objective.PAPER)
