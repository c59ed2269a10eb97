"""Landmark feature maps: how distances between landmarks change, frame by frame."""

import mertk
from mertk import Recipe, Use

# After Choi and Song 2020; their layers, sizes and schedule are not known to us.
DEFAULT = Recipe(
    aligner=Use("eye_similarity", points=68),
    roi=Use("whole"),
    extractor=Use("landmark_lfm", frames=10, method="farneback"),
    classifier=Use("landmark_lfm"),
)

# For a CPU: 6 frames, a quarter of the maps and units, 25 epochs at twice the learning rate.
QUICK = DEFAULT.set("extractor.frames", 6).swap(
    "classifier", Use("landmark_lfm", maps=4, hidden=32, epochs=25, lr=2e-3)
)

CARD = mertk.Card(
    title="Facial Micro-Expression Recognition Using Two-Dimensional Landmark Feature Maps",
    authors="Choi & Song",
    venue="IEEE Access",
    year=2020,
    differs=(
        (
            "Landmarks are carried from the onset frame by optical flow, not detected in each "
            "frame, where a detector's errors are as large as the motion."
        ),
        "Ours are: the number of frames, the layers, the schedule.",
        (
            "Maps are divided by the clip's largest change, which is one way to what the paper "
            "claims: that they do not depend on the intensity."
        ),
    ),
    unverified=(
        "What an entry of the map is, exactly: here the change of a distance since the onset.",
        "Accuracies of 73.98 % (CASME II) and 71.34 % (SMIC), and how they were measured.",
    ),
    presets={"default": "No number of it is known to be the paper's."},
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "landmark_lfm",
        DEFAULT,
        summary="LFM: a CNN over maps of landmark distance changes, an LSTM over frames.",
        paper="doi:10.1109/ACCESS.2020.3006958",
        presets={"default": DEFAULT, "quick": QUICK},
        card=CARD,
    )
