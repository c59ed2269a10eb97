"""Small flow pictures with ridge regression: the features of `flow_svm`, a fit in closed form."""

import mertk
from mertk import Recipe, Use
from mertk_plugins.models._own import describe_own

RECIPE = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow", size=32, normalise="signed_max"),
    classifier=Use("ridge"),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "flow_ridge",
        RECIPE,
        summary="Onset-to-apex flow at 32 x 32 pixels, flattened, ridge regression.",
        card=describe_own(
            "Ridge regression on small flow pictures",
            "The pictures are `flow_svm`'s, after tvaranka/meb, read at f731b0a.",
        ),
    )
