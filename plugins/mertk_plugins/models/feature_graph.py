"""A small graph network over the motion of landmarks, or over action units of other programs."""

import mertk
from mertk import Recipe, Use
from mertk_plugins.models._own import describe_own

# The motion of 68 landmarks, which flow carries from the onset.
QUICK = Recipe(
    aligner=Use("eye_similarity", points=68),
    roi=Use("whole"),
    extractor=Use("landmark_motion"),
    fusion=(Use("standardize"),),
    classifier=Use("feature_graph"),
)

# Features of OpenFace, py-feat or LibreFace, which the data set folder reads from the column
# features; no pixel is looked at.
FEATURES = Recipe(
    aligner=Use("none"),
    roi=Use("whole"),
    extractor=Use("precomputed"),
    fusion=(Use("standardize", over_time=False),),
    classifier=Use("feature_graph"),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "feature_graph",
        QUICK,
        summary="A graph network over the motion of landmarks, or action units of OpenFace.",
        presets={"quick": QUICK, "features": FEATURES},
        card=describe_own(
            "A graph network with learnt edges over landmarks",
            "Landmarks move as Farneback flow carries them; no layer or number comes from a paper.",
        ),
    )
