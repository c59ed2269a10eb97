"""SLSTT: a vision transformer over long-term flow, gathered over time."""

import mertk
from mertk import Recipe, Use

# Needs a GPU, and a network once for the weights of the transformer.
PAPER = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow_sequence", frames=11, around="apex", size=384, colour=True),
    classifier=Use("slstt"),
)

# Two layers of a small untrained transformer, averaged over 3 pictures of 64 x 64, for 40 epochs
# of Adam: SGD does not fit its training clips in that time (docs/explanation/choices.md).
QUICK = PAPER.swap(
    "extractor", Use("flow_sequence", frames=3, around="apex", size=64, colour=True)
).swap(
    "classifier",
    Use(
        "slstt",
        backbone="vit_tiny_patch16_224",
        pretrained=False,
        depth=2,
        aggregate="mean",
        epochs=40,
        lr=1e-3,
        batch=16,
        optimizer="adam",
        weight_decay=0.0,
        lr_decay=1.0,
        dropout=0.0,
    ),
)

CARD = mertk.Card(
    title="Short and Long Range Relation Based Spatio-Temporal Transformer for Micro-Expression "
    "Recognition",
    authors="Zhang et al.",
    venue="IEEE Transactions on Affective Computing",
    year=2022,
    code="https://github.com/Vision-Intelligence-and-Robots-Group/SLSTT (MIT), read at 364656f",
    original=(
        "main.py keeps the checkpoint of best accuracy on the held-out subject; LOSO.py scores it.",
        (
            "At 364656f the transformer (B_16_imagenet1k, pictures of 384 x 384, dropout 0.1) is "
            "trained: SGD of 0.01, from epoch 30 of 0.001, batches of 1 or 2. In the earlier "
            "9ffc488 it is frozen, and the LSTM alone is trained."
        ),
        "datasets.py takes 11 frames around the apex; RIFE interpolation makes missing ones.",
        "Colours are the direction and the stretched size of Farneback flow (datasets.py).",
        "LOSO.py begins from weights that were trained on CK+ expressions.",
    ),
    leak="L1",
    differs=(
        "The last epoch counts.",
        "Transformer and LSTM are trained together, in one step.",
        "It begins from ImageNet weights alone.",
        "Dropout is in the layers of the transformer; batches are of 2.",
        "Missing frames are repeated, not interpolated.",
        "Preset quick: Adam, and two layers of a small transformer with random weights.",
    ),
    unverified=(
        (
            "40 epochs, weight decay 1e-4 and momentum 0.9; an earlier reading has a rate that "
            "falls along a cosine every 4 epochs"
        ),
        "which commit datasets.py and LOSO.py were read in: they may be those of 9ffc488",
        "where dropout stands",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "slstt",
        QUICK,
        summary="SLSTT: a vision transformer over flow to 11 frames around the apex.",
        paper="arxiv:2112.05851",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
