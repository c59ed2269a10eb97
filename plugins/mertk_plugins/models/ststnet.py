"""STSTNet: a shallow network over one small flow picture."""

from __future__ import annotations

import mertk
from mertk import Recipe, Use

# Farneback flow in place of TV-L1, which takes longer than the training, and 100 epochs at 20
# times the learning rate in place of 500.
QUICK = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow", method="farneback", size=28, normalise="minmax"),
    classifier=Use("ststnet", epochs=100, lr=1e-3),
)

# As Liong et al. 2019.
PAPER = QUICK.swap("classifier", Use("ststnet")).set("extractor.method", "tvl1")


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the model."""
    register.model(
        "ststnet",
        QUICK,
        summary="STSTNet, 1,683 weights over one onset-to-apex flow picture of 28 x 28.",
        paper="arxiv:1902.03634",
        presets={"paper": PAPER, "quick": QUICK},
    )
