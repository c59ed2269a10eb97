"""FeatRef: flow features that are refined for each expression."""

import mertk
from mertk import Recipe, Use

DEFAULT = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow", method="tvl1", size=28, normalise="minmax", channels=["u", "v"]),
    classifier=Use("featref"),
)

# Farneback flow, a quarter of the features, 20 epochs at 10 times the learning rate.
QUICK = DEFAULT.swap("classifier", Use("featref", hidden=64, epochs=20, lr=1e-3)).set(
    "extractor.method", "farneback"
)

CARD = mertk.Card(
    title="Feature refinement: An expression-specific feature learning and fusion method for "
    "micro-expression recognition",
    authors="Zhou et al.",
    venue="Pattern Recognition",
    year=2022,
    leak="L?",
    differs=("The last epoch counts.",),
    unverified=(
        "all sizes: filters of the inception blocks, shared and refined features",
        "the form of the attention: one sigmoid layer a class here",
        "epochs, learning rate, batch, and the weight of the proposal loss",
        "the picture: u and v of TV-L1 flow, 28 x 28",
    ),
    presets={"default": "No size and no number of its training is known to be the paper's."},
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "featref",
        DEFAULT,
        summary="FeatRef: flow features refined for each class, after the paper's text.",
        paper="arxiv:2101.04838",
        presets={"default": DEFAULT, "quick": QUICK},
        card=CARD,
    )
