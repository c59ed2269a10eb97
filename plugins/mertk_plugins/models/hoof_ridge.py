"""HOOF with ridge regression: a closed form in every fold."""

import mertk
from mertk import Recipe, Use
from mertk_plugins.models._own import describe_own

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
        card=describe_own(
            "Ridge regression on histograms of oriented flow",
            "The histograms are `hoof`'s, after Chaudhry et al. 2009, of which no code was found.",
            "They are normalised over the whole clip.",
        ),
    )
