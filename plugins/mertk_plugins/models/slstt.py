"""SLSTT: a vision transformer over long-term flow, gathered over time."""

from __future__ import annotations

import mertk
from mertk import Recipe, Use

# Needs a GPU, and a network once for the weights of the transformer.
PAPER = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow_sequence", frames=11, around="apex", size=224, colour=True),
    classifier=Use("slstt"),
)

# Two layers of a small untrained transformer, averaged over 3 pictures of 64 x 64, for 24 epochs:
# too little to do well, enough to see that it runs.
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
        epochs=24,
        lr=1e-2,
        batch=16,
    ),
)

CARD = mertk.Card(
    title="Short and Long Range Relation Based Spatio-Temporal Transformer for Micro-Expression "
    "Recognition",
    authors="Zhang et al.",
    venue="IEEE Transactions on Affective Computing",
    year=2022,
    code="https://github.com/Vision-Intelligence-and-Robots-Group/SLSTT",
    original=(
        "main.py keeps the checkpoint of best accuracy on the held-out subject; LOSO.py scores it.",
        "model/slstt.py trains the LSTM over a transformer that was trained before and stays so.",
        "datasets.py takes 11 frames around the apex; RIFE interpolation makes missing ones.",
        "Colours are the direction and the stretched size of Farneback flow (datasets.py).",
        "LOSO.py begins from weights that were trained on CK+ expressions.",
    ),
    leak="L1",
    differs=(
        "The last epoch counts.",
        "Transformer and LSTM are trained together, in one step.",
        "It begins from ImageNet weights alone.",
        "The learning rate stays as it is; the authors lower it along a cosine every 4 epochs.",
        "Missing frames are repeated, not interpolated.",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the model."""
    register.model(
        "slstt",
        QUICK,
        summary="SLSTT, a vision transformer over flow to 11 frames around the apex.",
        paper="arxiv:2112.05851",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
