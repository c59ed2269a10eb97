"""Two databases and a multi-label protocol on synthetic clips, for the golden numbers."""

from dataclasses import replace

import mertk
from mertk.core import metrics
from mertk_plugins.datasets.synthetic import Synthetic

EMOTIONS = {"negative": "disgust", "positive": "happiness", "surprise": "surprise"}


def synthetic_clips_as(dataset: str, seed: int) -> list[mertk.Clip]:
    """Nine synthetic clips of three people under another data set's name."""
    made = Synthetic(subjects=3, clips=3, frames=8, size=128, amplitude=4.0, seed=seed)
    found = []
    for clip in made.index():
        emotion = EMOTIONS[clip.record["label"]]
        record = {**clip.record, "dataset": dataset, "emotion": emotion}
        found.append(replace(clip, dataset=dataset, record=record))
    return found


class First:
    """The first database."""

    def index(self, root=None, /):
        return synthetic_clips_as("golden_first", 1)


class Second:
    """The second database, with other people."""

    def index(self, root=None, /):
        return synthetic_clips_as("golden_second", 2)


class ActionUnits:
    """Which of three action units a clip shows, leaving one subject out."""

    multilabel = True
    datasets = ("synthetic",)
    classes = ("AU4", "AU12", "AU1")

    def label(self, clip):
        return {f"AU{unit}" for unit in clip.record["au_set"]} & set(self.classes)

    def splits(self, clips):
        return mertk.leave_one_subject_out([clip.person for clip in clips])

    def score(self, confusion):
        return metrics.multilabel_scores(confusion)


@mertk.hookimpl
def mertk_register(register):
    register.dataset("golden_first", First)
    register.dataset("golden_second", Second)
    register.protocol("golden_units", ActionUnits)
