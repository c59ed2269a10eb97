"""A frozen network's features, selected in the fold."""

import mertk
from mertk import Recipe, Use

# In the spirit of Patel et al. 2016, from weights that can be had: those of ResNet-18 on ImageNet,
# which timm downloads.
DEFAULT = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("frozen_cnn"),
    fusion=(Use("select_features", count=100),),
    classifier=Use("linear_svm", scale=True),
)

# For a CPU and without a download: random weights, pictures of 64 pixels.
QUICK = DEFAULT.swap("extractor", Use("frozen_cnn", pretrained=False, size=64))

CARD = mertk.Card(
    title="Selective Deep Features for Micro-Expression Recognition",
    authors="Patel et al.",
    venue="ICPR",
    year=2016,
    leak="L?",
    differs=(
        (
            "ResNet-18 in place of the networks of 2016, and none that was trained on facial "
            "expressions."
        ),
        (
            "Features of the apex frame minus those of the onset frame; "
            "`--set extractor.pool=mean` has their mean over frames."
        ),
        (
            "Features are chosen by their analysis of variance on the training clips, not by an "
            "evolutionary search."
        ),
    ),
    unverified=(
        (
            "The networks' layers, how frames were pooled, the classifier, and what the search was "
            "scored on: if on held-out subjects, the leak is L2."
        ),
        "Accuracies of 47.3 % (CASME II) and 53.6 % (SMIC).",
    ),
    presets={
        "default": "No number of it is known to be the paper's; the weights are those of ImageNet.",
        "quick": (
            "Random weights show that the pipeline runs; they cannot recognise expressions as "
            "trained ones can."
        ),
    },
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "frozen_cnn",
        DEFAULT,
        summary="Features of a frozen CNN, apex minus onset, selected in the fold, linear SVM.",
        paper="doi:10.1109/ICPR.2016.7899972",
        presets={"default": DEFAULT, "quick": QUICK},
        card=CARD,
    )
