"""STSTNet: a shallow network over one small flow picture."""

import mertk
from mertk import Recipe, Use

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

CARD = mertk.Card(
    title=(
        "A Shallow Triple Stream Three-dimensional CNN (STSTNet) for Micro-expression "
        "Recognition System"
    ),
    authors="Liong et al.",
    venue="IEEE FG, MEGC 2019",
    year=2019,
    code="github.com/christy1206/STSTNet (no licence), read at 1afb56e",
    original=(
        (
            "main.py, STSTNet: three streams of 3, 5 and 8 filters padded by 2, where the paper "
            "pads to keep the size; 1,683 weights either way"
        ),
        "main.py, main: pictures of u, v and strain as 8-bit PNG files go in as 0 ... 255",
        "main.py, main: the training loader does not shuffle, so each epoch has the same batches",
        (
            "main.py, main: 800 epochs, where the paper has 500; the last epoch is scored, pooled "
            "over folds"
        ),
        (
            "STSTNet_logfile.txt: what the paper prints as UAR equals the macro precision of this "
            "log; its UAR is 0.719"
        ),
        (
            "the authors' later release in Python scores UF1 0.721, the re-run in "
            "github.com/tvaranka/meb 0.713"
        ),
    ),
    leak="L0",
    differs=(
        "training clips are shuffled",
        "pictures are padded as the paper says, and each channel of a clip is scaled to 0 ... 1",
        "landmarks align the eyes; the authors cut faces by a template",
    ),
    unverified=("the Matlab code of the published score was not read; main.py came later",),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "ststnet",
        QUICK,
        summary="STSTNet: three shallow CNNs (1,683 weights) over onset-to-apex flow of 28 x 28.",
        paper="arxiv:1902.03634",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
