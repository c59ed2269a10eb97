"""A large network for pictures on flow: what pretraining on photographs is worth here.

`--set classifier.network=NAME` takes any network of timm.
"""

from __future__ import annotations

import mertk
from mertk import Recipe, Use

# From scratch, which needs no download: a network of 0.4 million weights, which timm has for
# tests, on pictures of 48 x 48, for fewer epochs at 10 times the learning rate.
QUICK = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow", method="farneback", size=48, normalise="minmax"),
    classifier=Use("timm_flow", network="test_resnet", epochs=20, lr=1e-3, batch=16),
)

# As Varanka et al. 2023: the ImageNet weights of torchvision, which timm fetches.
PAPER = QUICK.swap("extractor", Use("flow", method="tvl1", size=112, normalise="none")).swap(
    "classifier", Use("timm_flow", network="resnet18.tv_in1k", pretrained=True)
)

CARD = mertk.Card(
    title="Data Leakage and Evaluation Issues in Micro-Expression Analysis",
    authors="Varanka et al.",
    venue="IEEE Transactions on Affective Computing",
    year=2023,
    code="github.com/tvaranka/meb (Apache-2.0)",
    original=(
        (
            "'RCN-A and SSSNet for megc.ipynb': torchvision's ResNet-18 with its ImageNet "
            "weights, a new last layer, all weights trained; UF1 0.698 at the last epoch, pooled "
            "over folds"
        ),
        (
            "more data help: on five objective classes macro F1 is 0.499 with two databases and "
            "0.632 with six"
        ),
    ),
    leak="L0",
    differs=(
        "TV-L1 in place of the Matlab flow 'classic+nl-fast', which cannot be had in Python",
        (
            "flow goes into the network as it is, not scaled as ImageNet's photographs are; the "
            "preset quick scales it to 0 ... 1 and starts from scratch"
        ),
    ),
    unverified=("Adam, 1e-4, weight decay 1e-3 and 50 epochs hold for the notebook's run too",),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the model."""
    register.model(
        "timm_flow",
        QUICK,
        summary="ResNet-18, or any network of timm, over one onset-to-apex flow picture.",
        paper="arxiv:2211.11425",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
