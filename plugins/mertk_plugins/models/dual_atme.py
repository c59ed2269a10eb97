"""Dual-ATME: the whole flow picture beside a puzzle of its chosen places."""

import mertk
from mertk import Recipe, Use

PAPER = Recipe(
    aligner=Use("eye_similarity", points=68),
    roi=Use("htnet4", face=True),
    extractor=Use("flow", method="tvl1", size=28, normalise="minmax"),
    classifier=Use("dual_atme"),
)

# Farneback flow, an eighth of the hidden layer, 20 epochs, of which the first 15 at the full rate.
QUICK = PAPER.swap("classifier", Use("dual_atme", hidden=128, epochs=20, decay_every=15)).set(
    "extractor.method", "farneback"
)

CARD = mertk.Card(
    title="Dual-ATME: Dual-Branch Attention Network for Micro-Expression Recognition",
    authors="Zhou et al.",
    venue="Entropy",
    year=2023,
    code="https://github.com/HaoliangZhou/Dual-ATME (no licence), read at 5f2480f",
    original=(
        "The training program runs 60 epochs and predicts the held-out subject once, at the end.",
        "It halves the learning rate every 10 epochs.",
        "Me_Model_att.py puts one attention block on both branches; the paper has it on one.",
        "Datasets.py reads puzzles of regions as pictures; what cuts them is not published.",
    ),
    leak="L0",
    differs=(
        "The puzzle is that of HTNet: windows around the eyes and the corners of the mouth.",
        "Attention is on the branch of the whole face alone, as in the paper.",
    ),
    unverified=(
        "which regions the puzzle is made of",
        "the flow picture: u, v and strain of TV-L1 flow here",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "dual_atme",
        QUICK,
        summary="Dual-ATME: attention over the flow of the whole face and of selected windows.",
        paper="doi:10.3390/e25030460",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
