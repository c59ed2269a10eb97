"""SSSNet: two convolutions over one flow picture."""

import mertk
from mertk import Recipe, Use

# Pictures of 32 x 32 in place of 64 x 64, and 60 epochs of Adam.
QUICK = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow", method="farneback", size=32, normalise="minmax"),
    classifier=Use("sssnet", epochs=60, lr=1e-3, batch=32, optimizer="adam"),
)

# As the authors' notebook has it, but for the flow method, which nobody can port. Each channel of
# each clip is scaled to 0 ... 1, so the network cannot see how large a motion is.
PAPER = QUICK.swap("extractor", Use("flow", method="tvl1", size=64, normalise="minmax")).swap(
    "classifier", Use("sssnet")
)

CARD = mertk.Card(
    title="Data Leakage and Evaluation Issues in Micro-Expression Analysis",
    authors="Varanka et al.",
    venue="IEEE Transactions on Affective Computing",
    year=2023,
    code="github.com/tvaranka/meb (Apache-2.0), read at f731b0a",
    original=(
        (
            "meb/models/me_networks.py, SSSNet: convolution, ReLU, max-pooling, batch "
            "normalisation and dropout of whole maps, twice; a layer of 256; 1,349,251 weights"
        ),
        (
            "'RCN-A and SSSNet for megc.ipynb': SGD of 0.01, momentum 0.9, weight decay 1e-3, "
            "batches of 128; the last of 200 epochs is scored, pooled over folds"
        ),
        (
            "the flow tool stores u, v and strain with each channel of each clip scaled to 0 ... 1 "
            "(normalize_img): this loses the size and the zero of the motion"
        ),
        (
            "stored runs give UF1 0.739 (Adam, 1e-4) to 0.762 for the same protocol; the mean of "
            "the subjects' F1 of one of them is 0.666"
        ),
    ),
    leak="L0",
    differs=(
        "TV-L1 in place of the Matlab flow 'classic+nl-fast', which cannot be had in Python",
        "eyes are aligned by 68 landmarks, not by RetinaFace's five points",
        (
            "strain is the norm of the symmetric gradient; the authors' exchanges the axes and "
            "counts the two shear terms apart"
        ),
    ),
    unverified=(
        "the network is its authors' own, and its parameters may have been chosen on these data",
    ),
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
        "sssnet",
        QUICK,
        summary="SSSNet: two convolutions over one onset-to-apex flow picture of 64 x 64.",
        paper="arxiv:2211.11425",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
