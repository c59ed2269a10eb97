"""The page about one's own videos, in a browser; the commands are in tests/cli/test_predict.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mertk
from mertk.core.clips import Frames
from mertk.experiment import trained_model
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study
from mertk.report.video_predictions import VideoReport
from mertk.spotting import video_prediction
from mertk.spotting.face_tracking import Gap, track_face
from mertk.spotting.predicted_video import IntervalPictures, PredictedVideo

USE = mertk.Use("synthetic", subjects=3, clips=3, size=96)
EVIL = "<script>alert(1)<b>.mp4"
PLUGINS = mertk.load_plugins()


class Everywhere:
    """Takes the whole picture for the face."""

    def align(self, footage):
        return footage.warped(np.eye(2, 3), (96, 96))


class Two:
    """Spots two intervals."""

    def spot(self, faces):
        return [mertk.Spot(2, 5, 9, 1.2), mertk.Spot(20, 25, 29, 2.0)]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("predicted")
    study = Study(
        models=["flow_svm"], dataset=USE, swaps=[("aligner", [mertk.Use("none")])], floors=False
    )
    execution = Execution(cache=folder / "cache", out=folder / "runs")
    model = trained_model.train_model(study.open(execution, plugins=PLUGINS), 0)
    around = PLUGINS.registry.build("dataset", USE).index(None)[0].footage.frames[:]
    frames = Frames.of(np.concatenate([around, around[::-1], around])[:40])
    stretches, _ = track_face(frames, 25.0, Everywhere())
    watched = video_prediction.TrackedVideo(
        path=Path(EVIL), frames=frames, times=np.arange(60) / 25, fps=25.0,
        stretches=tuple(stretches), gaps=(Gap(40, 59, "no face found in frame <b>50"),), notes=(),
    )  # fmt: skip
    found = VideoReport(model=model, warning="Beware.", spotter="two")
    pictures = IntervalPictures(model=model, draw=found.draw, occlusion=1)
    findings = []
    for one, footage in video_prediction.predict_spots(model, watched, Two()):
        findings.append(one)
        pictures.read(Path(EVIL), len(findings), one, footage)
    found.add(PredictedVideo(video=Path(EVIL), findings=findings, track=watched))
    found.add_failure("<i>x: no")
    found.write(folder / "found")
    return folder / "found" / "predictions.html"


def test_text_of_files_and_reasons_stays_text(tab):
    assert tab.get_by_role("heading", name=EVIL, exact=True).is_visible()
    assert tab.get_by_text("no face found in frame <b>50").is_visible()
    assert tab.get_by_text("No prediction: <i>x: no").is_visible()


def test_the_time_line_lies_where_things_happened(tab):
    tab.set_viewport_size({"width": 1000, "height": 800})
    line = tab.get_by_role("img", name=f"Time line of {EVIL}: 2 intervals, 1 gaps")
    box = line.bounding_box()
    spot = line.locator(".spot").nth(1).bounding_box()
    assert (spot["x"] - box["x"]) / box["width"] == pytest.approx(20 / 60, abs=0.01)
    assert spot["width"] / box["width"] == pytest.approx(10 / 60, abs=0.01)
    gap = line.locator(".gap").bounding_box()
    assert (gap["x"] - box["x"]) / box["width"] == pytest.approx(40 / 60, abs=0.01)


def test_clips_can_be_gone_through_and_scrubbed(tab):
    clips = tab.locator(".explorer select").first
    assert clips.locator("option").count() == 2
    tab.get_by_role("button", name="Next clip").click()
    assert "2: 0.80–1.16 s" in clips.evaluate("one => one.selectedOptions[0].text")
    slider = tab.get_by_role("slider")
    before = tab.locator(".explorer output").inner_text()
    slider.focus()
    tab.keyboard.press("ArrowRight")
    assert tab.locator(".explorer output").inner_text() != before


def test_it_fits_a_phone_and_is_dark_in_the_dark(tab):
    tab.set_viewport_size({"width": 390, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.emulate_media(color_scheme="dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 30)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(faults, scheme):
    assert faults(scheme) == []
