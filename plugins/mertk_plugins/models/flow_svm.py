"""Small flow pictures with a support vector machine: trivial, and hard to beat."""

import mertk
from mertk import Card, Recipe, Use

RECIPE = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow", size=32, normalise="signed_max"),
    classifier=Use("svm", kernel="rbf", C=28.0, balanced=False),
)

CARD = Card(
    title="Data Leakage and Evaluation Issues in Micro-Expression Analysis",
    authors="Varanka, Li, Peng & Zhao",
    venue="arXiv",
    year=2022,
    code="tvaranka/meb (Apache-2.0), read at f731b0a",
    original=("Flow of 32 x 32 pixels, flattened, an RBF SVM with C of about 28.",),
    leak="L0?",
    differs=(
        "Farneback flow, divided by its largest magnitude, in place of the authors' flow pictures.",
        "C is rounded to 28 and gamma is scikit-learn's `scale`.",
    ),
    unverified=("How the authors came to C = 28.06: it may have been tuned on these data.",),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "flow_svm",
        RECIPE,
        summary="Onset-to-apex flow at 32 x 32 pixels, flattened, RBF SVM.",
        paper="arXiv:2211.11425",
        card=CARD,
    )
