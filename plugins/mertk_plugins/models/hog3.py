"""Gradient orientations in space and time with a linear support vector machine."""

import mertk
from mertk import Recipe, Use

HOG_TOP = Recipe(
    aligner=Use("eye_similarity", points=68),
    roi=Use("grid", rows=8, cols=8),
    extractor=Use("hog3", bins=8, frames=10, resample="tim"),
    classifier=Use("linear_svm"),
)

# Two parts in time, because rise and fall of an expression have opposite orientations, which would
# cancel out in one histogram.
TWO_SPANS = HOG_TOP.set("extractor.spans", 2)

# Polikovsky et al. 2009: regions by action units. The clustering of frames into the phases of an
# action unit, which is what the paper is after, is left out.
FACS12 = HOG_TOP.swap("roi", Use("facs12"))

CARD = mertk.Card(
    title="Facial micro-expressions recognition using high speed camera and 3D-gradient descriptor",
    authors="Polikovsky et al.",
    venue="ICDP",
    year=2009,
    original=(
        "posed expressions at 200 fps; 13 of them are told apart, one region at a time",
        (
            "presets hog_top and higo_top: Li et al. 2018, IEEE Transactions on Affective "
            "Computing, who magnify motion and interpolate in time first, and search for bins and "
            "blocks"
        ),
    ),
    leak="L2",
    differs=(
        "emotions by a linear SVM, not phases of action units by k-means",
        "no motion magnification",
        (
            "by default two parts in time, for the rise and the fall of an expression, which no "
            "source has; presets facs12_unverified, hog_top and higo_top have one"
        ),
        "the twelve regions are boxes around landmarks; those of the paper are a drawing",
    ),
    unverified=(
        "number of bins and the k-means step of Polikovsky et al.",
        "8 bins, grids of 4 x 4 to 8 x 8, parts in time, and the search for them in Li et al.",
        "that gradients of length 0 are not counted in HIGO",
    ),
    presets={"facs12_unverified": "Regions are those of Polikovsky et al.; bins are ours."},
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the model: HOG-TOP, and as presets HIGO-TOP and the first 3D-HOG."""
    register.model(
        "hog3",
        TWO_SPANS,
        summary="HOG-TOP: gradient orientations on three orthogonal planes, linear SVM.",
        paper="doi:10.1049/ic.2009.0244",
        presets={
            "two_spans": TWO_SPANS,
            "facs12_unverified": FACS12,
            "hog_top": HOG_TOP,
            "higo_top": HOG_TOP.set("extractor.weighted", value=False),
        },
        card=CARD,
    )
