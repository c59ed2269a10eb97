"""RCN: a shallow recurrent convolution over one flow picture, with modules that have no weights.

The presets are variant A; `--set classifier.variant=s` (or `w`, `p`, `f`) makes another.
"""

import mertk
from mertk import Recipe, Use

# Half the resolution, a quarter of the maps, and Adam, which gets on in fewer steps.
QUICK = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow", method="farneback", size=30, normalise="minmax"),
    classifier=Use(
        "rcn", maps=16, pool=5, epochs=40, lr=3e-3, batch=32, optimizer="adam", lr_decay=1.0
    ),
)

# As Xia et al. 2020: the defaults of their training script.
PAPER = QUICK.swap("extractor", Use("flow", method="tvl1", size=60, normalise="minmax")).swap(
    "classifier", Use("rcn")
)

CARD = mertk.Card(
    title=(
        "Revealing the Invisible With Model and Data Shrinking for Composite-Database "
        "Micro-Expression Recognition"
    ),
    authors="Xia et al.",
    venue="IEEE Transactions on Image Processing 29",
    year=2020,
    code="github.com/xiazhaoqiang/ParameterFreeRCNs-MicroExpressionRec (no licence), read at "
    "0c516cb",
    original=(
        (
            "ModelTrain_Final.py: SGD with momentum 0.9, 5e-4, halved every 10 epochs, batches of "
            "64, 100 epochs, 64 maps pooled to 7x7; the last epoch is scored, pooled over folds. "
            "README.md names 20 epochs, 32 maps and 5x5"
        ),
        "MeNets.py, RclBlock: one 3x3 convolution with its batch normalisation is used twice",
        "MeNets.py, RCN_F.forward: the second stream is read twice, the third one never",
        (
            "MeNets.py, RCN_P and RCN_F: their constructors name classes that do not exist, so "
            "neither runs as published"
        ),
        "MeNets.py, DenseBlock: a second 3x3 convolution has weights and is never used",
    ),
    leak="L0",
    differs=(
        "variant f reads all three streams",
        "an even activation map gives attention 0; the authors' code divides 0 by 0",
        (
            "variant p is the network that the authors' code publishes as found by search; the "
            "search itself is not here, nor is variant C"
        ),
    ),
    unverified=(
        "which of the published scores are of which setting, and that the table's RCN is variant A",
        "the three channels of the picture: here u, v and strain",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "rcn",
        QUICK,
        summary="RCN-A (or S, W, P, F): a recurrent convolution over a flow picture of 60 x 60.",
        paper="arxiv:2006.09674",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
