"""MDMO with an RBF support vector machine."""

import mertk
from mertk import Recipe, Use

# beta, C and gamma stand in an earlier state of tvaranka/meb, which searched for them.
DEFAULT = Recipe(
    aligner=Use("eye_similarity", points=68),
    roi=Use("mdmo36"),
    extractor=Use("mdmo", beta=0.8236),
    classifier=Use("svm", kernel="rbf", C=28.06, gamma=0.269, balanced=False),
)

# tvaranka/meb at f731b0a.
MEB = (
    DEFAULT.set("extractor.beta", 0.8)
    .set("extractor.rigid", value=False)
    .swap("classifier", Use("svm", kernel="rbf", C=28.0, gamma="scale", balanced=False))
)

CARD = mertk.Card(
    title="A main directional mean optical flow feature for spontaneous micro-expression "
    "recognition",
    authors="Liu et al.",
    venue="IEEE Transactions on Affective Computing",
    year=2016,
    original=(
        "beta, C and gamma are chosen on the data sets",
        (
            "the re-implementation in tvaranka/meb weighs frames by the sum of angles over the sum "
            "of lengths, averages angles around 0 without regard to the jump at 2π, and fits the "
            "head's motion without an offset"
        ),
    ),
    leak="L2",
    differs=(
        "frames are averaged as vectors, angles as differences from the middle of their direction",
        "the head's affine motion has an offset, and is fitted to 13 landmarks of the onset frame",
        "the forehead ends 0.3 eye distances above the brows, not at 20 pixels",
        "Farneback flow in place of the robust flow of the paper",
    ),
    unverified=(
        "the corners of the 36 regions, which follow tvaranka/meb: the paper draws them",
        "where beta .8236, C 28.06 and gamma .269 of the preset `default` come from",
        "67.37 % on CASME II and 80 % on SMIC in the paper",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "mdmo",
        DEFAULT,
        summary="MDMO: the main direction of flow in 36 facial regions, RBF SVM.",
        paper="doi:10.1109/TAFFC.2015.2485205",
        presets={"default": DEFAULT, "meb": MEB},
        card=CARD,
    )
