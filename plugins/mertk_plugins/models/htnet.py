"""HTNet: a nested transformer over flow around the eyes and the corners of the mouth."""

import mertk
from mertk import Recipe, Use

# As Wang et al. 2024, with the 10 layers on the last level of the authors' newer code.
PAPER = Recipe(
    aligner=Use("eye_similarity", points=68),
    roi=Use("htnet4"),
    extractor=Use("flow", method="tvl1", size=14, normalise="minmax255"),
    classifier=Use("htnet"),
)

# Farneback flow, an eighth of the width, and 60 epochs at 20 times the learning rate.
QUICK = PAPER.swap("classifier", Use("htnet", dim=32, depths=[2, 2, 2], epochs=60, lr=1e-3)).set(
    "extractor.method", "farneback"
)

CARD = mertk.Card(
    title="HTNet for micro-expression recognition",
    authors="Wang et al.",
    venue="Neurocomputing",
    year=2024,
    code="https://github.com/wangzhifengharrison/HTNet (no licence), read at 91cf4bd",
    original=(
        "The main program tests on the held-out subject after each of 800 epochs.",
        "It keeps each subject's epoch of best accuracy; scores of the last one are printed too.",
        "It takes a landmark's (x, y) for (row, column): two of the four windows change places.",
        "Model.py makes blocks of one patch: attention is among one token, and has no effect.",
        "Training clips are not shuffled.",
        "Pictures of u, v and strain go in as 0 to 255, each scaled to its own range before.",
    ),
    leak="L1",
    differs=(
        "The last epoch counts.",
        "Windows lie where they are meant to; landmarks are found at full size, not at 28 x 28.",
        "There are no queries and keys, which changes no result.",
        "Pictures of 0 to 255 are not rounded to whole numbers.",
        "Flow is normalised over the four windows, not over the whole face.",
        "Training clips are shuffled.",
    ),
    unverified=("whether the scores in the paper are those of the best or of the last epoch",),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "htnet",
        QUICK,
        summary="HTNet: a hierarchical transformer over flow at the eyes and the mouth.",
        paper="arxiv:2307.14637",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
