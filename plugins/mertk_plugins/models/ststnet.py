"""STSTNet: a shallow network over one small flow picture."""

from __future__ import annotations

import mertk
from mertk import Card, Recipe, Use

# Farneback flow in place of TV-L1, which takes longer than the training, and 100 epochs at 20
# times the learning rate in place of 500.
QUICK = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow", method="farneback", size=28, normalise="minmax"),
    classifier=Use("ststnet", epochs=100, lr=1e-3),
)

# As Liong et al. 2019.
PAPER = QUICK.swap("classifier", Use("ststnet")).set("extractor.method", "tvl1")

CARD = Card(
    title="Shallow Triple Stream Three-dimensional CNN (STSTNet) for Micro-expression Recognition",
    authors="Liong, Gan, See, Khor & Huang",
    venue="IEEE FG (MEGC)",
    year=2019,
    code="christy1206/STSTNet (no licence), read at 1afb56e",
    original=(
        "The Python code takes 800 epochs, the Matlab code and the paper 500; the last one counts.",
        "Its loader does not shuffle, and it pads the picture by 2, so that 28 pixels become 30.",
        "The UAR that the paper prints equals the macro precision of the authors' Matlab log.",
    ),
    leak="L0",
    differs=(
        "Padding as the paper has it (28 to 10 by pooling), 1,683 weights.",
        "Training clips are shuffled in every epoch.",
        (
            "Preset `quick`, which is the default: Farneback flow, 100 epochs at 20 times the "
            "learning rate. Preset `paper`: TV-L1, 500 epochs at 5e-5."
        ),
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the model."""
    register.model(
        "ststnet",
        QUICK,
        summary="STSTNet, 1,683 weights over one onset-to-apex flow picture of 28 x 28.",
        paper="arxiv:1902.03634",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
