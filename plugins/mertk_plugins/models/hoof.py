"""HOOF with a linear support vector machine: Bi-WOOF without its weights."""

import mertk
from mertk import Recipe, Use

# As Liong et al. 2018 set it beside Bi-WOOF: onset to apex, 8 bins. Farneback flow is 50 times as
# fast as the paper's TV-L1.
QUICK = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("grid", rows=5, cols=5),
    extractor=Use("hoof", bins=8, over="apex"),
    classifier=Use("linear_svm"),
)

# As Chaudhry et al. 2009 define it: from frame to frame, left and right as one, whole picture.
CHAUDHRY = QUICK.swap("roi", Use("whole")).swap(
    "extractor", Use("hoof", bins=30, over="steps", folded=True)
)


CARD = mertk.Card(
    title="Histograms of oriented optical flow and Binet-Cauchy kernels on nonlinear dynamical "
    "systems for the recognition of human actions",
    authors="Chaudhry et al.",
    venue="CVPR",
    year=2009,
    original=(
        "made for actions of the whole body: one histogram a frame, compared as a time series",
        (
            "Liong et al. 2018 (Bi-WOOF) put it on the apex of micro-expressions, which the "
            "presets paper and quick follow"
        ),
    ),
    leak="L?",
    differs=(
        (
            "preset chaudhry averages the histograms of all steps and uses a linear SVM in place "
            "of Binet-Cauchy kernels on time series"
        ),
        "Farneback flow in place of TV-L1, but for the preset paper",
        "the cost of the SVM is chosen in the fold, but for the preset paper",
        "faces are registered by the eyes, not warped to a model face",
    ),
    unverified=(
        "30 bins in the paper on actions",
        (
            "grid and cost of the SVM (10,000 in the preset paper) behind the scores in the "
            "Bi-WOOF paper: taken from Bi-WOOF"
        ),
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "hoof",
        QUICK,
        summary="HOOF: flow orientation weighted by magnitude on a grid, linear SVM.",
        paper="doi:10.1109/CVPR.2009.5206821",
        presets={
            "paper": QUICK.set("extractor.method", "tvl1").swap(
                "classifier", Use("linear_svm", C=10_000.0, balanced=False)
            ),
            "quick": QUICK,
            "chaudhry": CHAUDHRY,
        },
        card=CARD,
    )
