"""OFF-ApexNet: a small network on each of the two flow components."""

import mertk
from mertk import Recipe, Use

# Farneback flow in place of TV-L1, and 30 epochs at 10 times the learning rate.
QUICK = Recipe(
    aligner=Use("eye_similarity"),
    roi=Use("whole"),
    extractor=Use("flow", method="farneback", size=28, normalise="minmax", channels=["u", "v"]),
    classifier=Use("offapexnet", epochs=30, lr=1e-3, batch=32),
)

# The layers of Gan et al. 2019; trained as the re-run of Varanka et al. 2023 does.
UNVERIFIED = QUICK.swap("classifier", Use("offapexnet")).set("extractor.method", "tvl1")

CARD = mertk.Card(
    title="OFF-ApexNet on Micro-expression Recognition System",
    authors="Gan et al.",
    venue="Signal Processing: Image Communication 74",
    year=2019,
    original=(
        "no code of the authors was found, so what their scores were chosen by cannot be checked",
        (
            "re-run in github.com/tvaranka/meb (Apache-2.0, f731b0a), meb/models/me_networks.py, "
            "OffApexNet: another network, with one stream of two channels, 3x3 filters and one "
            "layer of 1024, 807,909 weights; UF1 0.703 at the last epoch, 0.839 at the best one "
            "of each test subject"
        ),
    ),
    leak="L?",
    differs=(
        "landmarks align the eyes; the authors cut faces by a template",
        (
            "the apex is the annotated one, or the middle; the authors search for it where there "
            "is none"
        ),
    ),
    unverified=(
        "Adam, 1e-4, weight decay 1e-3, 3000 epochs are those of the re-run, not of the paper",
        "where dropout stands: here after each of the two layers of 1024",
        "how flow was scaled: here each component of a clip to 0 ... 1",
    ),
    presets={
        "unverified": (
            "The layers are the paper's; how it was trained is not known, so the training is that "
            "of a re-run (Varanka et al. 2023)."
        )
    },
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "offapexnet",
        QUICK,
        summary="OFF-ApexNet: two CNNs, one per component of onset-to-apex flow (28 x 28).",
        paper="arxiv:1805.08699",
        presets={"unverified": UNVERIFIED, "quick": QUICK},
        card=CARD,
    )
