"""MMNet: a network over the difference of apex and onset, with position codes of the onset."""

import mertk
from mertk import Recipe, Use


def _make_recipe(places: int, classifier: Use) -> Recipe:
    return Recipe(
        aligner=Use("eye_similarity"),
        roi=Use("whole"),
        extractor={
            "motion": Use("pixels", frame="difference", size=16 * places, colour=True),
            "onset": Use("pixels", frame="onset", size=places, colour=True),
        },
        classifier=classifier,
    )


PAPER = _make_recipe(14, Use("mmnet"))

# An eighth of the maps over pictures of 48 x 48, and 25 epochs of smaller batches at 4 times the
# learning rate: too little of everything to do well, enough to see that it runs.
QUICK = _make_recipe(3, Use("mmnet", width=0.125, epochs=25, lr=3e-3, batch=16))

CARD = mertk.Card(
    title="MMNet: Muscle motion-guided network for micro-expression recognition",
    authors="Li et al.",
    venue="IJCAI",
    year=2022,
    code="https://github.com/muse1998/MMNet (no licence), read at 7b62fa9",
    original=(
        "CASME2_5.py tests on the held-out subject after each of 74 epochs.",
        "It keeps the most correct clips and, apart from them, the best F1 of each subject.",
        "It draws a frame near the onset and one near the apex for each training clip.",
        "It stops lowering the learning rate after 50 epochs.",
        "CA_block.py defines a dropout of 0.1 that it does not use.",
    ),
    leak="L1+L4",
    differs=(
        "The last epoch counts.",
        "The onset and the apex are taken as annotated, in training too.",
        "The learning rate goes down until the end, to 0.38 of its start in place of 0.52.",
        "Faces are registered by the eyes; the authors take the cropped frames of the data set.",
    ),
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "mmnet",
        QUICK,
        summary="MMNet: attention on apex minus onset, with position codes of the onset.",
        paper="arxiv:2201.05297",
        presets={"paper": PAPER, "quick": QUICK},
        card=CARD,
    )
