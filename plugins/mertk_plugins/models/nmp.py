"""Necessary morphological patches: two descriptors, the patches that matter, linear SVM."""

import mertk
from mertk import Recipe, Use

DEFAULT = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("grid", rows=8, cols=8),
    extractor={"lbptop": Use("lbptop"), "hoof": Use("hoof")},
    fusion=(Use("nmp"),),
    classifier=Use("linear_svm"),
)


CARD = mertk.Card(
    title="An improved micro-expression recognition method based on necessary morphological "
    "patches",
    authors="Zhao & Xu",
    venue="Symmetry",
    year=2019,
    original=(
        (
            "patches are laid by landmarks, and those with little flow from onset to apex are "
            "dropped first"
        ),
        "the abstract does not say whether patches are selected on training clips alone",
    ),
    leak="L?",
    differs=(
        "patches are selected anew in each fold, on its training clips",
        "patches are the blocks of a grid over the registered face, and all are candidates",
        "kept are the patches of at least mean importance",
    ),
    unverified=(
        (
            "number and place of the patches, trees of the forest, patches kept, the SVM's kernel "
            "and cost, the scores"
        ),
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "nmp",
        DEFAULT,
        summary="NMP: LBP-TOP and HOOF of the patches that a random forest selects, linear SVM.",
        paper="doi:10.3390/sym11040497",
        presets={"default": DEFAULT},
        card=CARD,
    )
