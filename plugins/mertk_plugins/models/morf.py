"""MORF with a polynomial support vector machine."""

import mertk
from mertk import Recipe, Use

# Grid and bins are in the middle of what the authors search over; 320 pixels as for CASME II.
PAPER = Recipe(
    aligner=Use("eye_similarity", size=320),
    roi=Use("grid", rows=9, cols=7),
    extractor=Use("morf", levels=[2, 3, 4], bins=8),
    classifier=Use("svm", kernel="poly", degree=3, gamma="scale"),
)

# A fifth of the pixels.
QUICK = PAPER.set("aligner.size", 144)

CARD = mertk.Card(
    title="Mean Oriented Riesz Features for Micro Expression Classification",
    authors="Duque et al.",
    venue="Pattern Recognition Letters",
    year=2020,
    code="carlosarangod/Riesz-ME-classification (Matlab and Python, no licence), read at c73ef5a",
    original=(
        (
            "Riesz_classification_CASME2.py scores all of 7 numbers of bins, 7 x 7 grids and 3 "
            "levels by leave-one-subject-out; the search over C and gamma lies inside a fold, in 5 "
            "parts that mix people."
        ),
        "Each of these takes one level of the pyramid, the second to the fourth.",
        (
            "Riesz_features_extraction.m hands 2 and 10 Hz to RieszMagnificationAnalysis.m, whose "
            "default is a low-pass filter: the 2 Hz are not used."
        ),
        "Filters have order 18 at 100 frames a second, and 36 at 200.",
    ),
    leak="L2",
    differs=(
        "Levels two to four are put together: choosing one takes a score.",
        "Grid and bins are fixed beforehand, in the middle of the authors' ranges.",
        (
            "C is chosen in 5 inner folds of whole people. Gamma follows the spread of the "
            "training clips: in a polynomial without an offset it has the effect of C."
        ),
        "One similarity by the eyes for a clip, where the authors track the face in every frame.",
        (
            "The whole picture counts, edges too: the authors leave out 4 pixels of each level "
            "and what lies outside the jaw."
        ),
        "A clip without an apex gives its middle frame, as the authors take for SMIC.",
    ),
    unverified=(
        "whether histograms are of sum 1 by block or by picture: by picture here",
        "the bins, grid and level behind the printed scores",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "morf",
        QUICK,
        summary="MORF: phase changes of a Riesz pyramid on a grid, polynomial SVM.",
        paper="doi:10.1016/j.patrec.2020.05.008",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
