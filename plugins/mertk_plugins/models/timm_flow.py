"""A large network for pictures on flow: what pretraining on photographs is worth here.

`--set classifier.network=NAME` takes any network of timm.
"""

import mertk
from mertk import Recipe, Use

# From scratch, which needs no download: a network of 0.4 million weights, which timm has for
# tests, on pictures of 48 x 48, for 20 epochs of Adam.
QUICK = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow", method="farneback", size=48, normalise="minmax"),
    classifier=Use(
        "timm_flow", network="test_resnet", epochs=20, lr=1e-3, batch=16, optimizer="adam"
    ),
)

# As the notebook of Varanka et al. 2023: the ImageNet weights of torchvision, which timm fetches.
# Each channel of each clip is scaled to 0 ... 1, so the network cannot see how large a motion is.
PAPER = QUICK.swap("extractor", Use("flow", method="tvl1", size=112, normalise="minmax")).swap(
    "classifier", Use("timm_flow", network="resnet18.tv_in1k", pretrained=True)
)

CARD = mertk.Card(
    title="Data Leakage and Evaluation Issues in Micro-Expression Analysis",
    authors="Varanka et al.",
    venue="IEEE Transactions on Affective Computing",
    year=2023,
    code="github.com/tvaranka/meb (Apache-2.0), read at f731b0a",
    original=(
        (
            "'RCN-A and SSSNet for megc.ipynb': torchvision's ResNet-18 with its ImageNet "
            "weights, a new last layer, all weights trained by SGD of 0.01, momentum 0.9, weight "
            "decay 1e-3, 200 epochs, batches of 128; UF1 0.698 at the last epoch, pooled over folds"
        ),
        (
            "the flow tool stores u, v and strain with each channel of each clip scaled to 0 ... 1 "
            "(normalize_img): this loses the size and the zero of the motion"
        ),
        (
            "more data help: on five objective classes macro F1 is 0.499 with two databases and "
            "0.632 with six"
        ),
    ),
    leak="L0",
    differs=(
        "TV-L1 in place of the Matlab flow 'classic+nl-fast', which cannot be had in Python",
        "preset quick: from scratch, a smaller network and Adam",
    ),
    unverified=("that the stored score is of a run with these settings",),
    presets={
        "paper": (
            "Each channel of each clip is scaled to 0 ... 1, as the authors store flow, so the "
            "network cannot see how large a motion is."
        )
    },
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "timm_flow",
        QUICK,
        summary="ResNet-18, or any network of timm, over one onset-to-apex flow picture.",
        paper="arxiv:2211.11425",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
