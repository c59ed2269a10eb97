"""CausalNet: rise and fall of an expression, at the eyes and the corners of the mouth."""

import mertk
from mertk import Recipe, Use

# The network and training of the authors' code; which frames its four flows join is our inference.
DEFAULT = Recipe(
    aligner=Use("eye_similarity", points=68),
    roi=Use("htnet4"),
    extractor=Use("phase_flow", method="tvl1", size=14, normalise="minmax255"),
    classifier=Use("causalnet"),
)

# Farneback flow, an eighth of the width, and 60 epochs at 20 times the learning rate.
QUICK = (
    DEFAULT.swap(
        "classifier",
        Use("causalnet", dim=32, depths=[2, 2, 2], hidden=128, epochs=60, lr=1e-3, batch=64),
    )
    .set("extractor.method", "farneback")
    .set("extractor.normalise", "minmax")
)

CARD = mertk.Card(
    title=(
        "Rethinking Key-frame-based Micro-expression Recognition: A Robust and Accurate Framework "
        "Against Key-frame Errors"
    ),
    authors="Zhang et al.",
    venue="ICCV",
    year=2025,
    code="https://github.com/tony19980810/CausalNet (MIT), read at 9d2596e",
    original=(
        "main_train.py tests on the held-out subject after each of 200 epochs.",
        "It keeps each subject's epoch of best accuracy, and stops at 100 % test accuracy.",
        "main_train_for_parameter_tuning.py is run to find the parameters; README.md says so.",
        "Windows lie at four fixed places: landmarks are not looked for.",
        "It takes a window's (x, y) for (row, column): two of the four windows change places.",
        "Training clips are not shuffled.",
        "Blocks are of one patch: attention inside the trunk is among one token, without effect.",
        "Of the loop over layers of the causal block, one layer is built.",
    ),
    leak="L1+L2",
    differs=(
        "The last epoch counts.",
        "Windows lie by landmarks where they are known, where they are meant to.",
        "There are no queries and keys in the trunk, which changes no result.",
        "Pictures of 0 to 255 are not rounded; the preset quick takes 0 to 1, which is no worse.",
        "Flow is normalised over the four windows, not over the whole face.",
        "Training clips are shuffled.",
    ),
    unverified=(
        (
            "Which frames the four flows join; the code has only their pictures. Here: onset to "
            "apex, apex to offset, and from onset and apex half of the way."
        ),
        "UF1 .8976 and UAR .9020 on MEGC 2019, which come from the best test epochs.",
    ),
    presets={"default": "The network is the authors'; which flows it is shown is an inference."},
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "causalnet",
        QUICK,
        summary="CausalNet: HTNet over flow of rise and fall, with attention between them.",
        paper="arxiv:2508.06640",
        presets={"default": DEFAULT, "quick": QUICK},
        card=CARD,
    )
