"""MicroExpSTCNN and MicroExpFuseNet: one 3D convolution over the frames of a clip."""

import mertk
from mertk import Recipe, Use

# As Reddy et al. 2019 for SMIC: 18 frames of 64 x 64, which here span onset … offset.
PAPER = Recipe(
    aligner=Use("eye_similarity", points=68),
    roi=Use("whole"),
    extractor=Use("pixels", frame="clip", frames=18, size=64, raw=True),
    classifier=Use("microexpstcnn"),
)

# MicroExpFuseNet on SMIC: eyes and mouth apart, 32 x 32, 18 frames, 250 epochs.
LATE = (
    PAPER.swap("roi", Use("eye_mouth"))
    .set("extractor.size", 32)
    .swap("classifier", Use("microexpstcnn", fusion="late", epochs=250, batch=16))
)
INTERMEDIATE = LATE.swap(
    "classifier", Use("microexpstcnn", fusion="intermediate", epochs=250, batch=4)
)

# For a CPU: half the pixels, Adam in place of SGD, 60 epochs in place of 100: as many as the
# training clips ask for (their loss, not the held-out ones, decided). Smaller pictures hide motion:
# at 24 pixels, 3 pixels of the face are 0.3 (docs/explanation/choices.md).
QUICK = PAPER.set("extractor.size", 48).swap(
    "classifier", Use("microexpstcnn", epochs=60, lr=1e-3, optimizer="adam")
)

CARD = mertk.Card(
    title="Spontaneous Facial Micro-Expression Recognition using 3D Spatiotemporal Convolutional "
    "Neural Networks",
    authors="Reddy et al.",
    venue="IJCNN",
    year=2019,
    code="github.com/bogireddytejareddy/micro-expression-recognition (MIT), read at b096f80",
    leak="L1+L3",
    original=(
        (
            "One random split of clips, 80 to 20, people mixed; the epoch with the best accuracy "
            "on those 20 % is kept and reported (SMIC/MicroExpSTCNN.py)."
        ),
        (
            "The FuseNets choose their epoch on all clips, training and test together "
            "(CASME-SQUARE/Late_MicroExpFuseNet.py and its neighbour, validation_data)."
        ),
        "Mean and maximum of the pixels are those of all clips, tested ones included.",
        (
            "SMIC: the first 18 names of os.listdir of a clip, in the order of the file system; "
            "CAS(ME)^2: frames 72 to 167 of a video, wherever onset and offset are."
        ),
        (
            "SMIC/ trains the FuseNets on 18 frames for 250 epochs, in batches of 16 (late) or 4 "
            "(intermediate); the presets have these."
        ),
        "The FuseNets' layers of 1024 and 128 have no activation.",
        "Landmarks, and so the FuseNets' crops, are found in each frame anew.",
    ),
    differs=(
        "Frames are resampled from onset … offset, in order, on a registered face.",
        "Mean and maximum are each clip's own.",
        "The FuseNets' crops lie where the onset frame's landmarks are, in all frames.",
        "18 frames for every data set; extractor.frames=96 is the length for CAS(ME)^2.",
        "Initial weights are PyTorch's; the code draws the layers' with standard deviation .05.",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "microexpstcnn",
        QUICK,
        summary="MicroExpSTCNN and MicroExpFuseNet: one 3D convolution over a clip's frames.",
        paper="arxiv:1904.01390",
        presets={
            "paper": PAPER,
            "quick": QUICK,
            "fusenet_late": LATE,
            "fusenet_intermediate": INTERMEDIATE,
        },
        card=CARD,
    )
