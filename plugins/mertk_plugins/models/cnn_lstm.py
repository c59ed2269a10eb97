"""The reference model without patches and gates, much as its authors' earlier one."""

from __future__ import annotations

import mertk
from mertk import Card, Recipe, Use

# Aouayeb et al. 2019, rebuilt as the ablation of their 2022 model that its text suggests: one CNN
# per region, no squeeze and excitation. Takes a GPU or days.
PAPER = Recipe(
    aligner=Use("landmark_crop", bars=20),
    roi=Use("six_regions"),
    extractor=Use("patch_cnn_se", patches=1, patch_size=[105, 150], se="none"),
    fusion=(Use("standardize"), Use("pad_time", length=250), Use("lstm_concat")),
    classifier=Use("mlp", init="code"),
)

# For a CPU: what the preset `quick` of cnn_lstm_se changes, at the same resolution as it.
QUICK = Recipe(
    aligner=Use("landmark_crop", bars=20),
    roi=Use("six_regions"),
    extractor=Use(
        "patch_cnn_se", patches=1, patch_size=[48, 72], se="none", frames=1, extract_frames=16,
        epochs=45, lr=1e-3, batch=64, init="he",
    ),
    fusion=(Use("standardize"), Use("pad_time", length=16), Use("lstm_concat")),
    classifier=Use("mlp", epochs=60, lr=1e-3, init="code"),
)  # fmt: skip

CARD = Card(
    title="Micro-Expression Recognition Using Spatiotemporal Features from Regions of Interest",
    authors="Aouayeb, Hamidouche, Kpalma & Benazza-Benyahia",
    venue="IEEE MLSP",
    year=2019,
    leak="L?",
    differs=(
        (
            "Rebuilt from what the later paper says of it: the model `cnn_lstm_se` with one CNN a "
            "region and without squeeze and excitation."
        ),
    ),
    unverified=(
        "Title, authors and venue are from memory; the body of the paper was not at hand.",
        "Its abstract claims 90 % precision on SMIC, CASME II and SAMM.",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the model."""
    register.model(
        "cnn_lstm",
        PAPER,
        summary="A CNN and an LSTM per facial region, side by side: the reference without gates.",
        paper="hal:hal-02334439",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
