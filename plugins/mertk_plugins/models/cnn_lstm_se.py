"""The reference model: patch CNNs, an LSTM per region, squeeze and excitation in both.

Presets: `paper` (the default), `code` (the published code's habits), `quick` (the same networks
on smaller patches, one training frame a clip, fewer epochs) and `motion` (as `quick`, but the
networks are shown optical flow, not frames; the default on synthetic data).
"""

import mertk
from mertk import Card, Recipe, Replay, Use

# What Aouayeb et al. 2022 write; where they are silent, their code; where that would not train or
# is an oversight, the reading that its docs page gives reasons for. Takes a GPU or days.
PAPER = Recipe(
    aligner=Use("landmark_crop", bars=20),
    roi=Use("six_regions"),
    extractor=Use("region_patches"),
    fusion=(Use("patch_cnn_se"), Use("standardize"), Use("pad_time", length=250), Use("lstm_se")),
    classifier=Use("mlp", init="code"),
)

# What the published code does: pixels in [-1, 1], a gate per pixel, one more convolution, patches
# turned by 90 degrees, no class weights, features cut to whole numbers and not standardised. It
# keeps apart training and test, which the published code does not. Not replicated: Keras' hard
# sigmoid in the LSTM, and its use of a clip's frames outside onset … offset.
CODE = Recipe(
    aligner=Use("landmark_crop", upscale=False, frame="first"),
    roi=Use("six_regions"),
    extractor=Use("region_patches", patch_size=[50, 35]),
    fusion=(
        Use(
            "patch_cnn_se",
            se="pixelwise",
            extra_conv=True,
            input_range=[-1, 1],
            batch=32,
            alpha=False,
        ),
        Use("truncate"),
        Use("pad_time", length=250),
        Use("lstm_se"),
    ),
    classifier=Use("mlp", lr=1e-4, loss="focal_binary", alpha=False, l1=1e-5, init="code"),
)

# For a CPU: the networks of PAPER on less data, for fewer and longer steps. Patches of 12x16 px,
# not 35x50; stage 1 is trained on the apex frame alone (frames near the onset bear the clip's
# label and do not show it yet) and gives at most 12 frames as a sequence; 30 and 40 epochs at 10
# and 20 times the learning rate; He initialisation, which starts faster.
QUICK = Recipe(
    aligner=Use("landmark_crop", bars=20),
    roi=Use("six_regions"),
    extractor=Use("region_patches", patch_size=[12, 16], frames=12),
    fusion=(
        Use("patch_cnn_se", frames=1, epochs=30, lr=1e-3, batch=64, init="he"),
        Use("standardize"),
        Use("pad_time", length=12),
        Use("lstm_se"),
    ),
    classifier=Use("mlp", epochs=40, lr=1e-3, init="code"),
)

# The paper's two stages, regions, patches, gates and region labels, but shown motion: optical flow
# from the onset frame to four frames up to the apex. Training is as in `quick`, shorter. Input,
# frames, pixel range, epochs and batch were chosen by UF1 on synthetic people of the seeds 101 and
# 102, which no table reports.
MOTION = Recipe(
    aligner=Use("landmark_crop", bars=20),
    roi=Use("six_regions"),
    extractor=Use("region_patches", input="flow", patch_size=[12, 16], frames=4, until="apex"),
    fusion=(
        Use("patch_cnn_se", frames=1, epochs=4, lr=1e-3, batch=16, init="he", input_range=[-1, 1]),
        Use("standardize"),
        Use("pad_time", length=4),
        Use("lstm_se"),
    ),
    classifier=Use("mlp", epochs=30, lr=1e-3, init="code"),
)

# The order of work of the published code: stage 1 is trained once, on a random half of the frames
# of all clips, and its features of all clips are kept; only then are subjects left out.
AUTHORS = Replay(once=("fusion.0",), sets={"fusion.0.frames": 0, "fusion.0.share": 0.5})

CARD = Card(
    title="Spatiotemporal Features Fusion From Local Facial Regions for Micro-Expressions "
    "Recognition",
    authors="Aouayeb, Soladie, Hamidouche, Kpalma & Seguier",
    venue="Frontiers in Signal Processing",
    year=2022,
    code="MouathAb/AnalyseMiE-CNN_LSTM_SE (no licence), read at 4623b56",
    original=(
        (
            "CNN_SE.py 577-609: the frames of all clips of all subjects are put together, and a "
            "random half of them is drawn (random_state=42), without regard to subjects."
        ),
        (
            "CNN_SE.py 355, 618-632: the six region networks are trained once on that half, for 60 "
            "epochs. There is no loop over subjects in the file."
        ),
        (
            "CNN_SE.py 371-382: the features of all frames, the training half included, are "
            "written to one table a region."
        ),
        (
            "LSTM_SE.py 538-598: these tables are read before the loop that leaves subjects out "
            "begins, so the held-out subject's labelled frames have trained the features that he "
            "is tested with."
        ),
        (
            "LSTM_SE.py 749-752: the held-out subject is given as validation data, for display; "
            "the last of 250 epochs is used."
        ),
        "LSTM_SE.py, pad_sequences: its default type cuts every feature to a whole number.",
        (
            "CNN_SE.py 273-357: the gate squeezes nothing (1x1 convolutions at each position), and "
            "a 1x1 convolution follows that the paper does not mention."
        ),
        "CNN_SE.py 172-202: patches have width and height exchanged.",
        "Class weights are computed in both files and reach neither loss.",
        (
            "CNN_SE.py 380, LSTM_SE.py 531: a text and a number are added, so that neither script "
            "runs."
        ),
        "LSTM_SE.py 790-894: UF1 and UAR are pooled over folds; `accuracy` is a mean over folds.",
    ),
    leak="L3",
    differs=(
        (
            "Stage 1 is trained in every fold, on the training subjects alone. `--replay authors` "
            "is the authors' order of work, in a run that is stamped as leaked."
        ),
        (
            "Preset `paper` (default) follows the text: a squeeze, class weights in a focal loss, "
            "standardised features. Preset `code` follows the code's layers, losses and cut "
            "features."
        ),
        "Frames are those of onset ... offset; the authors' paths fit the uncut recordings.",
        "White bars above the brows, since real faces are taller than the paper's boxes assume.",
        "Small faces are enlarged to the canvas (`paper`); the code never enlarges (`code`).",
        "Ordinary sigmoids in the LSTM; Keras' hard ones are not replicated.",
        (
            "Preset `quick` is for a CPU: patches of 12 x 16 pixels, stage 1 on the apex frame "
            "alone, 30 and 40 epochs."
        ),
        (
            "Preset `motion` shows the networks optical flow from the onset frame in place of the "
            "paper's frames; its settings were chosen on synthetic clips of other seeds than the "
            "reported ones."
        ),
    ),
    presets={
        "quick": (
            "the input is that of the paper, frames, at a size for a CPU; on the default "
            "synthetic clips it stays at the chance level (docs: the reference model)."
        ),
        "motion": (
            "the input is optical flow, not the frames of the paper; the networks, the two stages "
            "and the order of training are those of the paper. cnn_lstm_se:quick has the paper's "
            "input."
        ),
    },
    unverified=(
        "The scores in the paper's tables were not at hand: none are printed here.",
        (
            "That the numbers for three classes come from the same split of frames: the code that "
            "is published is that of the five objective classes."
        ),
        (
            "The region labels of three classes (negative, positive, surprise): the paper does not "
            "print them, and the function of the code that would make them is never called. The "
            "table here is an inference; `--set fusion.0.region_labels=aus` takes the coded action "
            "units, `none` the labels of whole clips. The report says what a run used."
        ),
        "The squeeze ratio (1/4) and the epochs of the paper, which it does not give.",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "cnn_lstm_se",
        PAPER,
        summary="CNN-LSTM-SE, the reference model: patch CNNs, LSTMs, squeeze and excitation.",
        paper="doi:10.3389/frsip.2022.861469",
        presets={"paper": PAPER, "code": CODE, "quick": QUICK, "motion": MOTION},
        replays={"authors": AUTHORS},
        card=CARD,
    )
