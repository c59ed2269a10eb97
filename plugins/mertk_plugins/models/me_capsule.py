"""CapsuleNet: capsules over the apex frame."""

from __future__ import annotations

import mertk
from mertk import Recipe, Use

# As Quang et al. 2019, from ImageNet weights, which timm downloads.
PAPER = Recipe(
    aligner=Use("eye_similarity", size=256),
    roi=Use("whole"),
    extractor=Use("pixels", frame="apex", size=240, colour=True, raw=True),
    classifier=Use("me_capsule"),
)

# For a CPU and without a download: 32 pixels, a quarter of the maps, random weights, 8 epochs at
# 30 times the learning rate.
QUICK = PAPER.set("extractor.size", 34).swap(
    "classifier",
    Use("me_capsule", crop=32, width=16, kernel=2, pretrained=False, epochs=8, lr=3e-3),
)

CARD = mertk.Card(
    title="CapsuleNet for Micro-Expression Recognition",
    authors="Quang et al.",
    venue="FG",
    year=2019,
    code="https://github.com/davidnvq/me_recognition",
    leak="L1",
    original=(
        (
            "For each held-out subject the epoch with the best UF1 on that subject is kept "
            "(train_me_loso.py, train_eval); the posted log gives the printed scores exactly."
        ),
        (
            "Held-out pictures are turned at random by up to 8 degrees (train_me_loso.py, "
            "val_transforms)."
        ),
        "435 of the 442 clips.",
        (
            "Classes are balanced with up to 4 more frames near the apex (capsule/data/dataset.py, "
            "sample_data)."
        ),
        "Margins .99 and .01 (capsule/loss/losses.py); hue is changed at random too.",
    ),
    differs=(
        "The last epoch counts, and all clips.",
        "Held-out pictures are not turned: the middle is used.",
        "Class weights in place of further frames near the apex; hue is left alone.",
        "Pictures are squares of 240, not 234 x 240.",
    ),
    unverified=("Which weights the printed scores started from: ImageNet, or a face network.",),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the model."""
    register.model(
        "me_capsule",
        QUICK,
        summary="CapsuleNet: capsules over the first stages of ResNet-18, on the apex frame.",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
