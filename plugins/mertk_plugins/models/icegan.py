"""ICE-GAN: capsules beside a generator of expressions."""

import mertk
from mertk import Recipe, Use

PAPER = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("pixels", frame="apex", size=128, raw=True),
    classifier=Use("icegan"),
)

# For a CPU: half the pixels, an eighth of the maps, 48 epochs at three times the learning rate,
# which stays. A quarter of the steps, or a rate that falls, leave it at chance
# (docs/explanation/choices.md).
QUICK = PAPER.set("extractor.size", 64).swap(
    "classifier", Use("icegan", width=8, noise=16, epochs=48, lr=3e-3, lr_decay=1.0)
)

CARD = mertk.Card(
    title="ICE-GAN: Identity-aware and Capsule-Enhanced GAN with Graph-based Reasoning for "
    "Micro-Expression Recognition and Synthesis",
    authors="Yu et al.",
    venue="IJCNN",
    year=2021,
    code="crane-papercode/ICE-GAN (networks and a log, no training program, no "
    "licence), read at de1476d",
    original=(
        (
            "model/run.log: the best of 100 epochs on each held-out subject is kept, for UF1 and "
            "UAR apart. The mean of the best over subjects is UF1 .8845, UAR .8978; of the last "
            "epoch, .7468 and .8012. The paper has .874 and .883 (MEGC 2019)."
        ),
        "Scores are averaged over subjects, not computed from pooled predictions.",
        (
            "The first held-out subject has 218 pictures in the log; while one class is always "
            "said, accuracy on them goes from .463 to .505, so they are not the same ones in each "
            "epoch."
        ),
        (
            "model/discriminator.py lets capsules share out one class (softmax over the lower "
            "capsules), takes margins without squaring, and picks the capsule to decode after a "
            "softmax over the batch."
        ),
    ),
    leak="L1+L4",
    differs=(
        "The last epoch counts; each clip is tested on once, with its apex.",
        "Class weights; no augmented copies of clips.",
        (
            "Routing shares out each lower capsule among classes and margins are squared, as in "
            "Sabour et al. 2017."
        ),
        "Generator and discriminator take their steps at once, not by turns.",
        "Batch norms remember real pictures alone, which are all that is predicted of.",
        "The learning rate falls by 3 % an epoch in place of a cosine.",
        "Layers before a normalisation have no bias; weights are drawn as torch does.",
    ),
    unverified=(
        (
            "the losses of the generator and of the validity capsule, whose program is not "
            "published: margins here, and the mean difference from the picture, of weight 1"
        ),
        (
            "which classes the generator is asked for, and that what it makes teaches the class "
            "capsules: evenly drawn here, and it does"
        ),
        (
            "which pictures the held-out ones of the log are: the accuracies above would also come "
            "about if made pictures were counted among them"
        ),
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "icegan",
        QUICK,
        summary="ICE-GAN: a capsule network on the apex frame, trained with a face generator.",
        paper="arxiv:2005.04370",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
