"""HOOF with ridge regression: a closed form in every fold."""

import mertk
from mertk import Recipe, Use

RECIPE = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("grid", rows=5, cols=5),
    extractor=Use("hoof", bins=8, over="apex", normalise="clip"),
    classifier=Use("ridge", scale=True),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "hoof_ridge",
        RECIPE,
        summary="HOOF normalised over the whole clip, ridge regression.",
    )
