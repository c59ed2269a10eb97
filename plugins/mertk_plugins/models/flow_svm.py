"""Small flow pictures with a support vector machine: trivial, and hard to beat."""

from __future__ import annotations

import mertk
from mertk import Recipe, Use

RECIPE = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow", size=32, normalise="signed_max"),
    classifier=Use("svm", kernel="rbf", C=28.0),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the model."""
    register.model(
        "flow_svm",
        RECIPE,
        summary="Onset-to-apex flow at 32 x 32 pixels, flattened, RBF SVM.",
        paper="arXiv:2211.11425",
    )
