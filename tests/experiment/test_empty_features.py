"""Clips of two frames without an apex, features of 0, and models that learn nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mertk
from mertk.report.sentences import list_warnings

PLUGIN = '''
"""Two-frame clips without an apex, still or not, and a classifier that guesses one class a fold."""

from dataclasses import replace

import mertk
import numpy as np
from mertk_plugins.datasets.synthetic import Synthetic


class TwoFrames:
    """Onset and apex of synthetic clips, the apex not said.

    Args:
        still: how many of ten clips show the onset twice.
    """

    def __init__(self, *, still: int = 0) -> None:
        self.still = still

    def index(self, root):
        """The clips."""
        made = Synthetic(subjects=4, clips=6, frames=8, size=96, amplitude=3.0).index(root)
        return [self.shorten(clip, at) for at, clip in enumerate(made)]

    def shorten(self, clip, at):
        """Two frames of a clip."""
        faces = clip.footage
        last = faces.onset if at % 10 < self.still else faces.apex
        frames = mertk.Frames.of(faces.frames[[faces.onset, last]])
        footage = mertk.Footage(
            frames=frames, onset=0, offset=1, landmarks=faces.landmarks, fps=faces.fps
        )
        return replace(clip, footage=footage, fingerprint=f"{clip.fingerprint}{self.still}")


class OneClass:
    """The class of the first training clip, whatever the clip."""

    def fit(self, train, rng):
        """Look at one label."""
        self.odds = np.eye(len(train.classes))[train.labels[len(train) // 3]]

    def predict(self, streams):
        """That class."""
        return self.odds


@mertk.hookimpl
def mertk_register(register):
    """Register both."""
    register.dataset("two_frames", TwoFrames)
    register.classifier("one_class", OneClass)
'''


@pytest.fixture
def plugins(tmp_path):
    file = tmp_path / "empty.py"
    file.write_text(PLUGIN, encoding="utf-8")
    return mertk.load_plugins([file])


def benched(plugins, tmp_path, dataset, model="biwoof", **options):
    return mertk.bench(
        [model], dataset=dataset, protocol="synthetic3", floors=False, jobs=1, plugins=plugins,
        out=tmp_path / "runs", **options,
    )  # fmt: skip


def faces(onset, offset):
    frames = mertk.Frames.of(np.zeros((20, 4, 4, 3), np.uint8))
    return mertk.Faces(frames=frames, onset=onset, offset=offset)


@pytest.mark.parametrize(
    ("onset", "offset", "peak"), [(0, 1, 1), (4, 5, 5), (0, 2, 1), (0, 3, 1), (2, 9, 5), (7, 7, 7)]
)
def test_the_middle_is_after_the_onset_unless_they_are_one_frame(onset, offset, peak):
    assert faces(onset, offset).peak == peak
    assert replace(faces(onset, offset), apex=onset).peak == onset


def test_two_frames_without_an_apex_are_recognised_by_their_motion(plugins, tmp_path):
    found = benched(plugins, tmp_path, "two_frames")
    assert found.table()["UF1"][0] > 0.6
    assert not any("FEATURES" in line for line in list_warnings(found))


def test_clips_without_motion_are_told_by_their_number(plugins, tmp_path):
    found = benched(plugins, tmp_path, "two_frames:still=3")
    assert "FEATURES of biwoof: features is 0 in 9 of 24 clips." in list_warnings(found)
    again = mertk.Results.load(Path(found.table()["run"][0]), plugins=plugins)
    assert list_warnings(again) == list_warnings(found)


def test_clips_without_any_motion_are_refused_before_the_first_fold(plugins, tmp_path):
    with pytest.raises(mertk.ComponentError, match="biwoof: all features .* are 0 in all 24 clips"):
        benched(plugins, tmp_path, "two_frames:still=10")
    assert not list((tmp_path / "runs").rglob("folds/*.json"))


def test_a_model_that_says_one_class_per_fold_is_marked_in_table_and_page(plugins, tmp_path):
    from mertk.report.page import render_page
    from mertk.report.terminal import print_results

    found = benched(
        plugins, tmp_path, "two_frames", swaps=[("classifier", [mertk.Use("one_class")])]
    )
    assert found.table()["collapsed"].tolist() == [True]
    assert any("COLLAPSED" in line for line in list_warnings(found))
    assert "(collapsed)" in render_page(found, plugins)
    assert print_results(found) is None
    good = benched(plugins, tmp_path, "two_frames")
    assert good.table()["collapsed"].tolist() == [False]
    assert "(collapsed)" not in render_page(good, plugins)
