"""The page about one's own videos, in a browser; the commands are in tests/cli/test_predict.py."""

from __future__ import annotations

from dataclasses import replace
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
    line = tab.get_by_role("img", name=f"Time line of {EVIL}: 2 intervals, 1 gap")
    box = line.bounding_box()
    spot = line.locator(".spot").nth(1).bounding_box()
    assert (spot["x"] - box["x"]) / box["width"] == pytest.approx(20 / 60, abs=0.01)
    assert spot["width"] / box["width"] == pytest.approx(10 / 60, abs=0.01)
    gap = line.locator(".gap").bounding_box()
    assert (gap["x"] - box["x"]) / box["width"] == pytest.approx(40 / 60, abs=0.01)


def test_the_time_line_comes_first_with_one_legend(tab):
    text = tab.locator("main").inner_text()
    assert text.index("a face is tracked") < text.index(EVIL) < text.index("60 frames")
    assert text.index("60 frames") < text.index("Beware.")
    assert tab.locator(".legend").count() == 1


def test_an_answer_to_weak_motion_is_grey_and_called_marginal(tab):
    weak, strong = tab.locator("table.scores tbody tr").all()
    assert "(marginal)" in weak.inner_text()
    assert "(marginal)" not in strong.inner_text()
    colour = "one => getComputedStyle(one).color"
    assert weak.evaluate(colour) != strong.evaluate(colour)
    line = tab.get_by_role("img", name=f"Time line of {EVIL}")
    assert line.locator(".spot.weak").count() == 1
    assert "strength below 1.5" in tab.locator(".legend").inner_text()


def test_the_page_tells_micro_from_macro_and_how_stable_an_answer_is(tab):
    for row in tab.locator("table.scores tbody tr").all():
        assert row.locator("td[data-name=type]").inner_text() == "micro"
        assert row.locator("td[data-name=stability]").inner_text().endswith(" %")
    where = video_prediction.Where(onset=0, apex=None, offset=9, begins=1.0, ends=1.44)
    assert where.kind == "micro"
    assert replace(where, ends=1.46).kind == "macro"


class LeftEdge:
    """Tells light from dark by the mean of the first column and row; refuses a dark corner."""

    multilabel, classes = False, ("dark", "light")

    def predict(self, footage):
        picture = footage.frames[0]
        if picture[0, 0, 0] == 7:
            raise mertk.DataError("no face")
        light = float(picture[:, 0].mean() > 100)
        return np.array([1 - light, light])


@pytest.mark.parametrize(
    ("edge", "corner", "shifts", "stability"),
    [
        (200, 200, 4, 0.75),  # cut off at the left, it is dark
        (0, 0, 4, 1.0),
        (200, 200, 8, 0.625),  # at the left, and at the left with top or bottom
        (0, 0, 0, None),
    ],
)
def test_stability_is_the_share_of_shifts_with_an_equal_answer(edge, corner, shifts, stability):
    pixels = np.zeros((3, 100, 100, 3), np.uint8)
    pixels[:, :, :2], pixels[:, 0, 0] = edge, corner
    footage = mertk.Footage(frames=Frames.of(pixels), onset=0, offset=2)
    where = video_prediction.Where(onset=0, apex=None, offset=2, begins=0, ends=0.1)
    found = video_prediction.predict_interval(LeftEdge(), footage, where, 0.0, shifts)
    assert found.stability == stability


def test_a_shifted_clip_that_is_refused_is_another_answer():
    pixels = np.zeros((3, 100, 100, 3), np.uint8)
    pixels[:, 2, 0] = 7  # the corner where two rows are cut off at the top
    footage = mertk.Footage(frames=Frames.of(pixels), onset=0, offset=2)
    where = video_prediction.Where(onset=0, apex=None, offset=2, begins=0, ends=0.1)
    assert video_prediction.predict_interval(LeftEdge(), footage, where, 0.0).stability == 0.75


def test_print_shows_what_is_folded(tab):
    tab.emulate_media(media="print")
    assert tab.get_by_text("trained on 9 clips").bounding_box()["height"] > 0


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
