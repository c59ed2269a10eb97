"""LBP-TOP with a support vector machine, the classic baseline."""

from __future__ import annotations

import mertk
from mertk import Recipe, Use

# MEGC 2019 (See et al., FG 2019): 5 x 5 blocks, radii 1, 1, 4, 4 neighbours: 1200 numbers a clip.
MEGC2019 = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("grid", rows=5, cols=5),
    extractor=Use("lbptop", rx=1, ry=1, rt=4, points=4, codes="raw", frames=10, resample="tim"),
    classifier=Use("linear_svm", C=1.0),
)

# CASME II (Yan et al., PLoS ONE 2014): the same, on all frames of the 200 fps clips.
CASME2 = MEGC2019.set("extractor.frames", 0).set("extractor.normalise", "l1")

# As in tvaranka/meb: overlapping blocks, uniform codes. It reads the first ten frames alone, which
# is a slip; here ten frames span the expression.
MEB = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("grid", rows=8, cols=8, overlap=0.7),
    extractor=Use(
        "lbptop", rx=3, ry=3, rt=3, points=8, codes="uniform", size=[112, 112], normalise="l1"
    ),
    classifier=Use("svm", kernel="poly"),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the model."""
    register.model(
        "lbptop",
        MEGC2019,
        summary="LBP-TOP histograms on a grid, linear SVM: the classic baseline.",
        paper="doi:10.1109/TPAMI.2007.1110",
        presets={
            "megc2019": MEGC2019,
            "casme2": CASME2.set("classifier.C", 10_000.0),
            "meb": MEB,
        },
    )
