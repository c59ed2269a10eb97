"""A frozen VideoMAE with a linear classifier."""

import mertk
from mertk import Recipe, Use

# Weights of VideoMAE-Base, which transformers downloads when they are first used.
DEFAULT = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("videomae"),
    fusion=(Use("standardize"),),
    classifier=Use("linear_svm"),
)

# Random weights of a small network on 8 frames of 64 pixels: for trying out without weights.
QUICK = DEFAULT.swap("extractor", Use("videomae", pretrained=False, frames=8, size=64))

CARD = mertk.Card(
    title="VideoMAE: Masked Autoencoders are Data-Efficient Learners for Self-Supervised Video",
    authors="Tong et al.",
    venue="NeurIPS",
    year=2022,
    leak="L?",
    differs=(
        "Not a method for micro-expressions: the network is frozen, and a linear SVM is trained.",
        "Features at the apex minus those at the onset; `--set extractor.pool=mean` has the mean.",
    ),
    unverified=(
        "That a VideoMAE won the spotting challenge of MEGC 2023, and how it was used there.",
        "Whether the videos that the weights were trained on contain anyone of the data sets.",
    ),
    presets={
        "default": "The weights are those of other videos; no number here is a paper's.",
        "quick": (
            "Random weights show that the pipeline runs; they cannot recognise expressions as "
            "trained ones can."
        ),
    },
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "videomae",
        DEFAULT,
        summary="Features of a frozen VideoMAE, linear SVM.",
        paper="arxiv:2203.12602",
        presets={"default": DEFAULT, "quick": QUICK},
        card=CARD,
    )
