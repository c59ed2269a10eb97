"""LBP-TOP with a support vector machine, the classic baseline."""

import mertk
from mertk import Card, Recipe, Use

# MEGC 2019 (See et al., FG 2019): 5 x 5 blocks, radii 1, 1, 4, 4 neighbours: 1200 numbers a clip.
MEGC2019 = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("grid", rows=5, cols=5),
    extractor=Use("lbptop", rx=1, ry=1, rt=4, points=4, codes="raw", frames=10, resample="tim"),
    classifier=Use("linear_svm"),
)

# CASME II (Yan et al., PLoS ONE 2014): the same, on all frames of the 200 fps clips.
CASME2 = MEGC2019.set("extractor.frames", 0)

# As in tvaranka/meb: overlapping blocks, uniform codes. Its overlap of .7 is a share of a block
# without overlap: at 112 pixels, blocks of 21 pixels share 9 with the next. It reads the first ten
# frames alone, which is a slip; here ten frames span the expression.
MEB = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("grid", rows=8, cols=8, overlap=0.43),
    extractor=Use("lbptop", rx=3, ry=3, rt=3, points=8, codes="uniform", size=[112, 112]),
    classifier=Use("svm", kernel="poly", C=1.0, balanced=False),
)

CARD = Card(
    title="Dynamic Texture Recognition Using Local Binary Patterns with an Application to Facial "
    "Expressions",
    authors="Zhao & Pietikäinen",
    venue="IEEE TPAMI",
    year=2007,
    original=(
        (
            "The organisers of MEGC 2019 give radii 1, 1, 4, four neighbours and 5 x 5 blocks for "
            "their baseline, and no code; whether codes are raw or uniform is not said."
        ),
        (
            "Independent code (tvaranka/meb at f731b0a) reads frames 0 to 9 alone, and another "
            "(xiazhaoqiang/Benchmark-MicroExpressionRec at 78d418c) asks for `uniform` codes, "
            "which forget orientation, where it means `nri_uniform`."
        ),
    ),
    leak="L0?",
    differs=(
        "Codes are raw (16 bins), so that a clip has the 1,200 numbers of 5 x 5 x 3 x 16.",
        (
            "Histograms have sum 1; the preset `hellinger` takes their square roots, which no "
            "source names."
        ),
        "Preset `meb`: blocks reach from edge to edge, at 112 pixels 22 of which 10 are shared.",
        "Neighbours are rounded to pixels, as papers do; all three planes count the same voxels.",
        "Faces are registered by the eyes, in place of the organisers' cropped pictures.",
        "A linear SVM whose cost is chosen in the fold; the preset `casme2` takes C = 10,000.",
    ),
    unverified=(
        "That the baseline of MEGC 2019 is a linear SVM with C = 10,000.",
        "The published pair for SMIC (UF1 .2000, UAR .5280) cannot come from one confusion matrix.",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "lbptop",
        MEGC2019,
        summary="LBP-TOP histograms on a grid, linear SVM: the classic baseline.",
        paper="doi:10.1109/TPAMI.2007.1110",
        presets={
            "megc2019": MEGC2019,
            "hellinger": MEGC2019.set("extractor.normalise", "l1_sqrt"),
            "casme2": CASME2.swap("classifier", Use("linear_svm", C=10_000.0, balanced=False)),
            "meb": MEB,
        },
        card=CARD,
    )
