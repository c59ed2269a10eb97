"""The composite database evaluation of the Micro-Expression Grand Challenge 2018."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mertk
from mertk.core import metrics
from mertk_plugins.protocols import _objective as objective

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


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the protocol."""
    register.protocol("megc2018_cde", MEGC2018Composite, paper=objective.PAPER)
