"""A 3D convolutional network with attention by channel and by place."""

import mertk
from mertk import Recipe, Use

# The kind of network that Chen et al. 2020 describe; their layers, sizes and schedule are not
# known to us, so that these are choices.
DEFAULT = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("pixels", frame="clip", frames=16, size=64, raw=True, resample="tim"),
    classifier=Use("cnn3d_cbam"),
)

# For a CPU: half the frames, pictures of 48 pixels, a quarter of the maps, 20 epochs in batches of
# 8 at three times the learning rate. Smaller pictures hide motion: at 16 pixels, 3 pixels of the
# face are 0.2 (docs/explanation/choices.md).
QUICK = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("pixels", frame="clip", frames=8, size=48, raw=True, resample="tim"),
    classifier=Use("cnn3d_cbam", width=4, ratio=4, epochs=20, lr=3e-3, batch=8),
)

CARD = mertk.Card(
    title="Spatiotemporal Convolutional Neural Network with Convolutional Block Attention Module "
    "for Micro-Expression Recognition",
    authors="Chen et al.",
    venue="Information 11(8):380",
    year=2020,
    differs=(
        (
            "Ours are: the number of blocks and of maps, the input of 16 frames of 64 x 64, the "
            "reduction of 16, the kernel of 3 frames by 7 x 7, the schedule."
        ),
    ),
    unverified=(
        "The layer table, the input's size, the schedule, how tested clips were kept apart.",
    ),
    presets={"default": "No number of it is known to be the paper's."},
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "cnn3d_cbam",
        DEFAULT,
        summary="A 3D CNN with channel and spatial attention (CBAM).",
        paper="doi:10.3390/info11080380",
        presets={"default": DEFAULT, "quick": QUICK},
        card=CARD,
    )
