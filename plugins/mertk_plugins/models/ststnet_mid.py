"""STSTNet without an apex: flow to many frames from the middle of the clip."""

import mertk
from mertk import Recipe, Use
from mertk_plugins.models._own import describe_own

# A clip shows one of its 16 moments an epoch, so there are more epochs than in the
# preset quick of ststnet.
RECIPE = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow_sequence", frames=16, around="middle", size=28),
    fusion=(Use("multi_mid"),),
    classifier=Use("ststnet", epochs=120, lr=1e-3),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "ststnet_mid",
        RECIPE,
        summary="STSTNet trained on flow to 16 frames in the middle of the clip; needs no apex.",
        paper="arxiv:1902.03634",
        presets={"quick": RECIPE},
        card=describe_own(
            "STSTNet on flow to many frames",
            "The network is STSTNet's, after christy1206/STSTNet, read at 1afb56e.",
        ),
    )
