"""A frozen vision transformer on onset and apex with a linear classifier: a baseline, no method."""

import mertk
from mertk import Recipe, Use
from mertk_plugins.models._own import describe_own

# Weights of DINOv2 (Oquab et al. 2023), which saw no labels; they are downloaded when first used.
DINOV2 = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("timm_vit_pair"),
    fusion=(Use("standardize"),),
    classifier=Use("linear_svm"),
)

# Random weights of a smaller transformer on smaller pictures: for trying out without a network.
QUICK = DINOV2.swap(
    "extractor",
    Use("timm_vit_pair", backbone="vit_tiny_patch16_224", pretrained=False, size=112),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "timm_vit_pair",
        DINOV2,
        summary="Features of a frozen vision transformer, apex minus onset, linear SVM.",
        presets={"dinov2": DINOV2, "quick": QUICK},
        card=describe_own(
            "A frozen vision transformer on onset and apex",
            "Weights are DINOv2's (Oquab et al. 2023, arXiv:2304.07193) as timm has them.",
            "They were not compared with the authors' code: unverified.",
        ),
    )
