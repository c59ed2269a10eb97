"""Bi-WOOF with a linear support vector machine."""

from __future__ import annotations

import mertk
from mertk import Recipe, Use

RECIPE = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("grid", rows=5, cols=5),
    extractor=Use("biwoof"),
    classifier=Use("linear_svm", C=10_000.0),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the model; its preset `paper` has the paper's flow, which is slow."""
    register.model(
        "biwoof",
        RECIPE,
        summary="Flow orientation weighted by magnitude and strain on a grid, linear SVM.",
        paper="doi:10.1016/j.image.2017.11.006",
        presets={"paper": RECIPE.set("extractor.method", "tvl1")},
    )
