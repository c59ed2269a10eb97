"""CapsuleNet: capsules over the apex frame."""

import mertk
from mertk import Recipe, Use

# As Quang et al. 2019, from ImageNet weights, which timm downloads.
PAPER = Recipe(
    aligner=Use("eye_similarity", size=256),
    roi=Use("whole"),
    extractor=Use("pixels", frame="apex", size=240, colour=True, raw=True),
    classifier=Use("me_capsule"),
)

# For a CPU and without a download: 64 pixels, an eighth of the maps, random weights; 40 epochs in
# batches of 8 at 10 times the learning rate, which stays, on pictures as they are. Decay and random
# crops leave it at chance: docs/explanation/choices.md.
QUICK = PAPER.set("extractor.size", 66).swap(
    "classifier",
    Use(
        "me_capsule",
        crop=64,
        width=8,
        kernel=2,
        augment=False,
        pretrained=False,
        epochs=40,
        lr=1e-3,
        batch=8,
        lr_decay=1.0,
    ),
)

CARD = mertk.Card(
    title="CapsuleNet for Micro-Expression Recognition",
    authors="Quang et al.",
    venue="FG",
    year=2019,
    code="https://github.com/davidnvq/me_recognition (no licence), read at cd46da6",
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
        "Colours go in as 0 to 1, not scaled as ImageNet's photographs are; so they do here.",
    ),
    differs=(
        "The last epoch counts, and all clips.",
        "Held-out pictures are not turned: the middle is used.",
        "Class weights in place of further frames near the apex; hue is left alone.",
        "Pictures are squares of 240, not 234 x 240.",
        "Preset quick: no random crops, turns or light, and a learning rate that stays.",
    ),
    unverified=("Which weights the printed scores started from: ImageNet, or a face network.",),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "me_capsule",
        QUICK,
        summary="CapsuleNet: capsules over the first stages of ResNet-18, on the apex frame.",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
