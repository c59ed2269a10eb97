"""Clip lists with the counts that data sets are published with, made up otherwise.

The counts are those of annotations (emotions, valence, action units, objective classes), not those
of any protocol's classes.
"""

from __future__ import annotations

import numpy as np

import mertk

CASME2 = {"others": 99, "disgust": 61, "happiness": 32, "surprise": 25, "repression": 27,
          "sadness": 4, "fear": 2}  # fmt: skip
CASME2_CHANGED = [("sub24", "EP07_01"), ("sub24", "EP07_04f"), ("sub24", "EP10_03")]
CASME2_DISGUST = [("sub04", "EP12_01f"), ("sub05", "EP09_05f")]  # two of 63
SAMM = {"anger": 57, "others": 26, "happiness": 26, "surprise": 15, "contempt": 12, "disgust": 9,
        "fear": 8, "sadness": 6}  # fmt: skip
SMIC = {"hs": {"negative": 70, "positive": 51, "surprise": 43},
        "vis": {"negative": 23, "positive": 28, "surprise": 20},
        "e": {"negative": 65, "positive": 51, "surprise": 41}}  # fmt: skip
CASME = {"189": {"tense": 68, "disgust": 45, "repression": 39, "surprise": 20, "happiness": 7,
                 "sadness": 6, "contempt": 2, "fear": 2},
         "papers": {"tense": 69, "disgust": 44, "repression": 38, "surprise": 20}}  # fmt: skip
CASME3 = {"disgust": 250, "surprise": 187, "others": 161, "fear": 86, "anger": 64, "sadness": 57,
          "happiness": 55}  # fmt: skip
MMEW = {"surprise": 89, "disgust": 72, "others": 66, "happiness": 36, "fear": 16, "sadness": 13,
        "anger": 8}  # fmt: skip
VALENCE = {"micro": {"negative": 21, "positive": 8, "surprise": 9, "others": 19},
           "macro": {"negative": 105, "others": 63, "positive": 116, "surprise": 16}}  # fmt: skip
DFME_WORDS = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
DFME = {"train": (161, 100, 548, 265, 206, 278, 298), "testA": (39, 34, 129, 62, 63, 46, 101),
        "testB": (41, 37, 58, 38, 42, 35, 48)}  # fmt: skip
OBJECTIVE = {"casme2 2019": (30, 18, 93, 15, 18, 0, 81), "casme2 2018": (25, 15, 99, 26, 20, 1, 69),
             "samm": (24, 13, 20, 8, 3, 7, 84)}  # fmt: skip
AUS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17)
SHOWN = {
    "casme": (189, (23, 17, 70, 0, 1, 4, 40, 3, 9, 23, 14, 13)),
    "casme2 updated": (256, (26, 22, 130, 2, 13, 39, 13, 16, 34, 27, 16, 25)),
    "casme2 2014": (255, (26, 21, 129, 2, 13, 38, 13, 17, 34, 27, 16, 25)),
    "casme2 2019": (255, (28, 25, 125, 5, 10, 38, 9, 18, 39, 22, 17, 26)),
    "samm": (159, (6, 18, 23, 10, 3, 46, 5, 6, 28, 13, 4, 6)),
    "fourdme": (267, (46, 54, 102, 8, 25, 89, 1, 2, 53, 4, 6, 11)),
    "mmew": (300, (50, 41, 109, 70, 10, 47, 8, 38, 37, 17, 6, 11)),
    "casme3": (860, (153, 128, 274, 44, 8, 27, 50, 10, 15, 193, 6, 20)),
}
UNCODED = {"casme2 2014": 5}


def row(dataset, subject="", clip="", **record):
    """A row without a subject gets one when it is known which rows count."""
    return {"dataset": dataset, "subject": subject, "clip": clip, "record": record}


def of_words(dataset, counts, **record):
    return [
        row(dataset, emotion=word, **record) for word, count in counts.items() for _ in range(count)
    ]


def casme2(edition):
    changed = "surprise" if edition == "2019" else "sadness"
    fixed = [row("casme2", *key, emotion=changed) for key in CASME2_CHANGED]
    fixed += [row("casme2", *key, emotion="disgust") for key in CASME2_DISGUST]
    if edition == "updated":
        fixed.append(row("casme2", "sub24", "EP02_07", emotion="disgust"))
    return of_words("casme2", CASME2) + fixed


def casme_sq():
    return [
        row("casme_sq", valence=word, emotion=word, expression_type=kind)
        for kind, counts in VALENCE.items()
        for word, count in counts.items()
        for _ in range(count)
    ]


def dfme():
    return [
        row("dfme", f"{part}-{n % 5}", emotion=word, official_split=part)
        for part, counts in DFME.items()
        for word, count in zip(DFME_WORDS, counts, strict=True)
        for n in range(count)
    ]


def fourdme():
    words = [["positive", "surprise"], ["negative"], ["others"], ["repression"], ["negative"]]
    return [row("fourdme", emotions=words[n % 5]) for n in range(267)]


def objective(of_casme2):
    key = "objective_class_megc2018" if of_casme2 == "casme2 2018" else "objective_class"
    return [
        row(name.split()[0], **{field: number, "objective_class_source": "Objective Classes"})
        for name, field in ((of_casme2, key), ("samm", "objective_class"))
        for number, count in enumerate(OBJECTIVE[name], 1)
        for _ in range(count)
    ]


def aus(name):
    rows, shown = SHOWN[name]
    known = rows - UNCODED.get(name, 0)
    sets = [[] for _ in range(known)]
    at = 0
    for au, count in zip((*AUS, 45), (*shown, 30), strict=True):
        for _ in range(count):
            sets[at % known].append(au)
            at += 1
    coded = [row(name.split()[0], au_known=True, au_set=found) for found in sets]
    return coded + [row(name.split()[0], au_known=False)] * (rows - known)


def cd6me(edition):
    return [one for name in ("casme", f"casme2 {edition}", "samm", "fourdme", "mmew", "casme3")
            for one in aus(name)]  # fmt: skip


def clips(rows, rules, people):
    """Clips of the rows; those that count are shared among so many people of each data set."""
    made = [clip(one, number) for number, one in enumerate(rows)]
    counting = {at for at, one in enumerate(made) if rules.label(one) is not None}
    turn = dict.fromkeys(people, 0)
    for at, one in enumerate(rows):
        if one["subject"]:
            continue
        name = one["dataset"]
        fixed = sorted({r["subject"] for r in rows if r["subject"] and r["dataset"] == name})
        names = [*fixed, *(f"p{n}" for n in range(99))][: people.get(name, 9)]
        if at in counting:
            turn[name] = turn.get(name, 0) + 1
        made[at] = clip(one, at, names[turn.get(name, 0) % len(names)])
    return made


def clip(one, number, subject=""):
    frames = mertk.Frames.of(np.zeros((1, 4, 4, 3), np.uint8))
    subject, name = one["subject"] or subject, one["clip"] or f"made_{number}"
    plain = {
        "emotion": "", "emotions": [], "valence": "", "objective_class": None, "au_known": False,
        "au_set": [], "official_split": "", "expression_type": "micro",
    }  # fmt: skip
    return mertk.Clip(
        dataset=one["dataset"],
        subject=subject,
        name=f"{name}/1",
        footage=mertk.Footage(frames=frames, onset=0, offset=0),
        fingerprint="",
        record={**plain, "subject": subject, "clip": name, **one["record"]},
    )
