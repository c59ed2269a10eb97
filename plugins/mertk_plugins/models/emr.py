"""EMR, the winner of MEGC 2019: a network over flow as a colour picture."""

import mertk
from mertk import Recipe, Use

# From scratch, so all of the network trains at one rate: one of 0.4 million weights, which timm
# has for tests, on pictures of 64 x 64.
QUICK = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow_hsv", size=64),
    classifier=Use(
        "emr", network="test_resnet", epochs=24, lr=1e-3, backbone_lr=1.0, batch=16, lr_decay=1.0
    ),
)

# As Liu et al. 2019, from ImageNet weights.
PAPER = QUICK.swap("extractor", Use("flow_hsv")).swap("classifier", Use("emr", pretrained=True))

# The colours that the published code makes.
CODE = PAPER.set("extractor.hsv_scaling", "as_published")

CARD = mertk.Card(
    title="A Neural Micro-Expression Recognizer",
    authors="Liu et al.",
    venue="IEEE FG, MEGC 2019",
    year=2019,
    code="github.com/xiaobaishu0097/MEGC2019 (no licence), read at ab1bed5",
    original=(
        (
            "Train/main.py, main: after each of 100 epochs the test subject is scored, and the "
            "epoch of the best F1 is kept"
        ),
        (
            "Train/main.py, main: one list of random transforms (rotation, colours, crop) is "
            "applied to training and test pictures alike"
        ),
        (
            "Prepare.py, line 341 and crop_pic: hue of 0 ... 180, saturation and value of 0 ... "
            "255 go as floats into a conversion that expects degrees and 0 ... 1; the results, "
            "far below 0, are cut to eight bits"
        ),
        (
            "Train/main.py, train: macro-expressions of CK+ are training clips with emotion "
            "labels, and a discriminator behind a reversed gradient tells them from "
            "micro-expressions"
        ),
        (
            "the re-run in github.com/tvaranka/meb, 'EMR for megc.ipynb', divides hue, saturation "
            "and value by 255: hue then lies within one degree of red, so the pictures hold no "
            "direction of motion; its UF1 without the published bug is 0.510"
        ),
    ),
    leak="L1",
    differs=(
        (
            "no adversary by default, as training clips are micro-expressions alone; "
            "`--set classifier.adversary=1` has one that tells the training clips' data sets "
            "apart, of any number, theirs CK+ from the others by one logit"
        ),
        (
            "the residual network begins with ImageNet weights of timm; the authors' begins with "
            "a face network (their file resnet18_pt_mcn.pth)"
        ),
        "no motion magnification: the authors' code reads videos that were magnified elsewhere",
        "no random transforms, neither in training nor at test",
        "hue is the angle in degrees and all values are in range; preset code: as published",
        (
            "one gradient norm of 1 for the whole network, theirs of each part; all rates are "
            "halved every 10 epochs, theirs of all but the residual network and down to 1e-5"
        ),
    ),
    unverified=(
        "which face data resnet18_pt_mcn.pth was trained on",
        (
            "the share that the adversary's dropout drops: here that of the parts; like them, its "
            "layers begin with Xavier's weights"
        ),
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "emr",
        QUICK,
        summary="EMR: a ResNet-18 over flow as a colour picture, upper and lower face apart.",
        presets={"paper": PAPER, "code": CODE, "quick": QUICK},
        card=CARD,
    )
