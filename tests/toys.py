"""A plug-in file with one tiny component of every kind, for tests of the core."""

from __future__ import annotations

import hashlib

import numpy as np

import mertk
from mertk.core import metrics


class Plain:
    """Frames as they are."""

    def align(self, footage):
        return footage.faces()


class Halves:
    """Left and right half."""

    def locate(self, faces):
        width, height = faces.size
        boxes = np.array([[0, 0, width // 2, height], [width // 2, 0, width, height]])
        return mertk.Regions(names=("left", "right"), boxes=boxes)


class Change:
    """Mean brightness change onset to apex per region.

    Args:
        scale: factor that the change is multiplied by, so that its unit is a grey level divided by
            it.
    """

    def __init__(self, *, scale: float = 1.0) -> None:
        self.scale = scale

    def extract(self, faces, regions):
        change = faces.frames[faces.peak].astype(np.float32) - faces.frames[faces.onset]
        return np.array(
            [[change[rows, cols].mean() * self.scale] for rows, cols in regions.windows()]
        )


class Centred:
    """Subtracts the training mean."""

    def fit(self, train, rng):
        self.mean = mertk.design_matrix(train.inputs).mean(axis=0)

    def fuse(self, streams):
        return {"centred": mertk.flatten(streams) - self.mean}


class Nearest:
    """Nearest class mean, with noise drawn in fit if there is any.

    Args:
        noise: standard deviation of the noise, 0 or more.
    """

    def __init__(self, *, noise: float = 0.0) -> None:
        self.noise = noise

    def fit(self, train, rng):
        X = mertk.design_matrix(train.inputs)
        if self.noise:
            X = X + self.noise * rng.normal(size=X.shape)
        self.means = {c: X[train.labels == c].mean(axis=0) for c in np.unique(train.labels)}
        self.classes = len(train.classes)

    def predict(self, streams):
        x = mertk.flatten(streams)
        scores = np.zeros(self.classes)
        for c, mean in self.means.items():
            scores[c] = np.exp(-np.square(x - mean).sum() / 100) + 1e-9
        return scores / scores.sum()


class Square:
    """Grey squares that grow brighter or darker; label by the sign.

    Args:
        subjects: number of people.
        clips: number of clips of each person.
        touched: uid of the clip whose frames are inverted, such as `toy/s0/c1`.
    """

    def __init__(self, *, subjects: int = 4, clips: int = 4, touched: str = "") -> None:
        self.subjects = subjects
        self.clips = clips
        self.touched = touched

    def index(self, root):
        return [self._clip(s, c) for s in range(self.subjects) for c in range(self.clips)]

    def _clip(self, subject, number):
        label = ("down", "up")[number % 2]
        rng = np.random.default_rng([subject, number])
        frames = np.full((5, 12, 16, 3), 100, np.uint8)
        steps = np.linspace(0, 40 if label == "up" else -40, 5)
        frames = np.clip(
            frames + steps[:, None, None, None] + rng.normal(0, 5, frames.shape), 0, 255
        )
        frames = frames.astype(np.uint8)
        if self.touched == f"toy/s{subject}/c{number}":
            frames = 255 - frames
        return mertk.Clip(
            dataset="toy",
            subject=f"s{subject}",
            name=f"c{number}",
            footage=mertk.Footage(frames=mertk.Frames.of(frames), onset=0, offset=4, apex=4),
            fingerprint=hashlib.sha256(frames.tobytes()).hexdigest(),
            record={"label": label},
        )


class ToyLoso:
    """Leave one subject out on the label column."""

    datasets = ("toy",)
    classes = ("down", "up")

    def label(self, clip):
        return clip.record["label"]

    def splits(self, clips):
        return mertk.leave_one_subject_out([clip.person for clip in clips])

    def score(self, confusion):
        return metrics.standard_scores(confusion)


Square.default_protocol = "toy_loso"


@mertk.hookimpl
def mertk_register(register):
    register.aligner("toy_plain", Plain)
    register.roi("toy_halves", Halves)
    register.extractor("toy_change", Change)
    register.fusion("toy_centred", Centred)
    register.classifier("toy_nearest", Nearest)
    register.dataset("toy", Square)
    register.protocol("toy_loso", ToyLoso)
    register.model(
        "toy_model",
        mertk.Recipe(
            aligner=mertk.Use("toy_plain"),
            roi=mertk.Use("toy_halves"),
            extractor=mertk.Use("toy_change"),
            fusion=(mertk.Use("toy_centred"),),
            classifier=mertk.Use("toy_nearest"),
        ),
        summary="All toys in a line.",
    )
