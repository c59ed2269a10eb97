"""ELBPTOP: extended LBP-TOP, whitened principal components, linear support vector machine."""

import mertk
from mertk import Recipe, Use

DEFAULT = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("grid", rows=5, cols=5),
    extractor=Use("elbptop", rx=2, ry=2, rt=2, delta=1, points=8, codes="uniform"),
    fusion=(Use("wpca"),),
    classifier=Use("linear_svm"),
)


CARD = mertk.Card(
    title="Extended local binary patterns for efficient and robust spontaneous facial "
    "micro-expression recognition",
    authors="Guo et al.",
    venue="IEEE Access",
    year=2019,
    original=("radii and grid are chosen for each data set, probably by the score itself",),
    leak="L2",
    differs=(
        "one set of radii and one grid for all data sets",
        "neighbours off the pixel grid are rounded to it",
        "the components are those of the training clips of each fold, as many as these allow",
    ),
    unverified=(
        "radii, grid, frames after interpolation, number of components, cost of the SVM",
        "that parameters were searched for by the leave-one-subject-out score",
        "accuracies on SMIC and SAMM",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "elbptop",
        DEFAULT,
        summary="ELBPTOP: LBP-TOP with radial and angular differences, whitened PCA, linear SVM.",
        paper="arxiv:1907.09160",
        presets={"default": DEFAULT, "hellinger": DEFAULT.set("extractor.normalise", "l1_sqrt")},
        card=CARD,
    )
