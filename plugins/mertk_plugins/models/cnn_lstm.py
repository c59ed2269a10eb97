"""The reference model without patches and gates, much as its authors' earlier one."""

import mertk
from mertk import Recipe, Use

# Aouayeb et al. 2019, rebuilt as the ablation of their 2022 model that its text suggests: one CNN
# per region, no squeeze and excitation. Takes a GPU or days.
PAPER = Recipe(
    aligner=Use("landmark_crop", bars=20),
    roi=Use("six_regions"),
    extractor=Use("region_patches", patches=1, patch_size=[105, 150]),
    fusion=(
        Use("patch_cnn_se", se="none"),
        Use("standardize"),
        Use("pad_time", length=250),
        Use("lstm_concat"),
    ),
    classifier=Use("mlp", init="code"),
)

# For a CPU: what the preset `quick` of cnn_lstm_se changes, at the same resolution as it.
QUICK = Recipe(
    aligner=Use("landmark_crop", bars=20),
    roi=Use("six_regions"),
    extractor=Use("region_patches", patches=1, patch_size=[48, 72], frames=16),
    fusion=(
        Use("patch_cnn_se", se="none", frames=1, epochs=45, lr=1e-3, batch=64, init="he"),
        Use("standardize"),
        Use("pad_time", length=16),
        Use("lstm_concat"),
    ),
    classifier=Use("mlp", epochs=60, lr=1e-3, init="code"),
)

# As the preset `motion` of cnn_lstm_se, at the same resolution.
MOTION = Recipe(
    aligner=Use("landmark_crop", bars=20),
    roi=Use("six_regions"),
    extractor=Use(
        "region_patches", input="flow", patches=1, patch_size=[36, 48], frames=4, until="apex"
    ),
    fusion=(
        Use(
            "patch_cnn_se",
            se="none",
            frames=1,
            epochs=4,
            lr=1e-3,
            batch=16,
            init="he",
            input_range=[-1, 1],
        ),
        Use("standardize"),
        Use("pad_time", length=4),
        Use("lstm_concat"),
    ),
    classifier=Use("mlp", epochs=30, lr=1e-3, init="code"),
)

CARD = mertk.Card(
    title=(
        "A Spatiotemporal Deep Learning Solution for Automatic Micro-Expressions "
        "Recognition From Local Facial Regions"
    ),
    authors="Aouayeb et al.",
    venue="IEEE MLSP",
    year=2019,
    original=(
        (
            "no code of this paper was found; its abstract claims 90 % precision on SMIC, CASME "
            "II and SAMM"
        ),
        (
            "the code of the same authors' successor of 2022 trains its CNNs on frames of all "
            "subjects (see the card of cnn_lstm_se)"
        ),
    ),
    leak="L?",
    differs=(
        (
            "it is the successor of 2022 without patches and without squeeze and excitation, as "
            "the text of 2022 suggests, not a model of the text of 2019"
        ),
        "CNN and LSTM are both fitted inside the fold",
        "preset `motion` shows the networks optical flow from the onset frame, not frames",
    ),
    presets={
        "motion": "the input is optical flow, not frames; cnn_lstm:quick has the paper's input."
    },
    unverified=(
        "the layers, the schedule and the scores of the paper itself",
        "whether its CNN was trained on frames of the test subject",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "cnn_lstm",
        PAPER,
        summary="CNN-LSTM: a CNN and an LSTM per region; the reference model without attention.",
        paper="hal:hal-02334439",
        presets={"paper": PAPER, "quick": QUICK, "motion": MOTION},
        card=CARD,
    )
