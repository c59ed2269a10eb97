"""FHOFO with a linear support vector machine."""

import mertk
from mertk import Recipe, Use

DEFAULT = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("grid", rows=5, cols=5),
    extractor=Use("fhofo", bins=8, over="onset"),
    classifier=Use("linear_svm"),
)


CARD = mertk.Card(
    title="Fuzzy histogram of optical flow orientations for micro-expression recognition",
    authors="Happy & Routray",
    venue="IEEE Transactions on Affective Computing",
    year=2017,
    leak="L?",
    differs=(
        "no feature selection, which a later chapter by the authors adds",
        "histograms are added over all frames, without blocks in time",
        "a vector is shared linearly by two bins (triangular membership)",
    ),
    unverified=(
        (
            "shape of the membership function, the least length of a vector, and which frames flow "
            "is computed between"
        ),
        "grid, number of bins, flow method and cost of the SVM",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the model; its preset `quick` uses onset and apex alone."""
    register.model(
        "fhofo",
        DEFAULT,
        summary="FHOFO: fuzzy histograms of flow direction on a grid, linear SVM.",
        paper="doi:10.1109/TAFFC.2017.2723386",
        presets={"default": DEFAULT, "quick": DEFAULT.set("extractor.over", "apex")},
        card=CARD,
    )
