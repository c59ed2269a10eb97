"""Dual-Inception: inception blocks on each flow component, onset to middle, without an apex."""

import mertk
from mertk import Recipe, Use

# Farneback flow in place of TV-L1, and 12 epochs in batches of 32 at 10 times the
# learning rate.
QUICK = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use(
        "flow",
        method="farneback",
        size=28,
        normalise="minmax",
        channels=["u", "v"],
        target="middle",
    ),
    classifier=Use("dual_inception", epochs=12, lr=1e-3, batch=32),
)

# As Zhou et al. 2019.
PAPER = QUICK.swap("classifier", Use("dual_inception")).set("extractor.method", "tvl1")

CARD = mertk.Card(
    title="Dual-Inception Network for Cross-Database Micro-Expression Recognition",
    authors="Zhou et al.",
    venue="IEEE FG, MEGC 2019",
    year=2019,
    code="github.com/xly135846/MEGC2019 (MIT), read at 7f7ea53: HEAD has no files",
    original=(
        (
            "dual_inception.py, create_inception_model: two streams that share no weights; each "
            "reads a grey picture as three equal channels; no dropout; 6,449,963 weights"
        ),
        (
            "image_process.py, create_file_list: for a test subject, all other subjects of the "
            "same database are the validation set, and only the other two databases are trained "
            "on"
        ),
        "dual_inception.py: the weights of the least validation loss in 40 epochs are scored",
        (
            "dual_inception.py: all folds are run 100 times, and each round's scores are kept; "
            "which one is printed is not said"
        ),
    ),
    leak="L0?",
    differs=(
        "the last epoch is scored, and all other subjects are trained on: nobody is held out",
        "torch draws first weights by its own rule, Keras by Glorot's",
    ),
    unverified=(
        "class_weight='auto' is passed, which Keras of that time is believed to ignore",
        "how flow became a picture: here each component of a clip to 0 ... 1",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "dual_inception",
        QUICK,
        summary="Dual-Inception: two inception streams over onset-to-middle flow; needs no apex.",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
