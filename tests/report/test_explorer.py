"""Clips to look into: what a view holds, what a page may show, and that names stay names."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

import mertk
from mertk.cli import main
from mertk.evaluation.breakdowns import ClipPrediction, rank_clips
from mertk.experiment import held_out_clips
from mertk.experiment.clip_pictures import (
    FRAMES,
    find_viewing_stages,
    read_clip_pictures,
)
from mertk.experiment.held_out_clips import read_held_out_clips
from mertk.pipeline.pipeline import Stage, build_pipeline
from mertk.report.clip_explorer import drawing, gallery
from mertk.report.clip_explorer.view import make_view
from mertk.report.page import make_environment, render_page

PLUGINS = mertk.load_plugins()
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'"


def textured(count=9, step=0.5, size=96):
    """Frames that go to the right, by `step` pixels each."""
    noise = np.random.default_rng(0).integers(0, 256, (size + 40, size + 40, 3)).astype(np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    stretched = cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX)
    moves = [np.array([[1, 0, at * step - 20], [0, 1, -20]], np.float32) for at in range(count)]
    return np.stack([cv2.warpAffine(stretched, move, (size, size)) for move in moves])


def footage(**more):
    known = {"onset": 1, "apex": 5, "offset": 8, "fps": 100.0} | more
    return mertk.Footage(frames=mertk.Frames.of(textured()), **known)


def quarters():
    """Steps that leave frames as they are and see four regions."""
    uses = {"aligner": mertk.Use("none"), "roi": mertk.Use("grid", rows=2, cols=2)}
    return [Stage(kind, PLUGINS.registry.build(kind, use)) for kind, use in uses.items()]


def view(clip, stages=(), weights=None, **more):
    return make_view("clip", read_clip_pictures(clip, stages, weights=weights), **more)


def drawn(seen, legend=""):
    page = make_environment().from_string(
        '{% import "explorer.html.j2" as explorer %}{{ explorer.section(views, legend) }}'
    )
    return page.render(views=[seen], legend=legend)


def picture(uri):
    data = np.frombuffer(base64.b64decode(uri.partition(",")[2]), np.uint8)
    return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].astype(int)


def test_a_view_shows_onset_apex_offset_and_frames_between():
    seen = view(footage(), quarters())
    named = {shot.name: shot.at for shot in seen.shots if shot.name}
    assert named == {"onset": 1, "apex": 5, "offset": 8}
    assert [shot.at for shot in seen.shots] == list(range(1, 9))
    assert [shot.peak for shot in seen.shots].index(True) == 4
    assert seen.shots[4].seconds == pytest.approx(0.04)
    assert [mark.name for mark in seen.regions] == ["r0c0", "r0c1", "r1c0", "r1c1"]
    assert seen.note == ""


def test_of_many_frames_some_are_shown_and_the_key_frames_among_them():
    frames = mertk.Frames.of(np.zeros((90, 8, 8, 3), np.uint8))
    for apex in (3, 44, 78):
        faces = mertk.Footage(frames=frames, onset=2, apex=apex, offset=80).faces()
        chosen = faces.choose_frames()
        assert len(chosen) == FRAMES
        assert {2, apex, 80} <= set(chosen)
        assert chosen == sorted(chosen)


def test_without_an_apex_the_middle_is_named_so():
    seen = view(footage(apex=None))
    assert [shot.name for shot in seen.shots if shot.peak] == ["middle"]
    assert "regions" in seen.note


def test_the_flow_layer_has_the_colour_of_the_motion():
    """The frames go right by 2 px from onset to apex."""
    (flow, strain) = view(footage(), quarters()).layers
    red, green, blue = picture(flow.uri)[30:70, 30:70].mean(axis=(0, 1))
    assert red > 240
    assert max(green, blue) < 60
    assert float(re.search(r"full colour is ([\d.]+) px", flow.text)[1]) == pytest.approx(
        2.0, abs=0.1
    )
    assert strain.name == "strain"


def test_weights_are_drawn_where_they_fit_the_regions():
    patches = np.arange(36).reshape(4, 9) / 36
    said = {"region_weights": [0.5, 0.6, 0.55, 0.7], "patch_weights": patches, "other": [1, 2]}
    seen = view(footage(), quarters(), weights=said)
    regions, cells = seen.overlays
    assert [mark.value for mark in regions.marks] == [0.5, 0.6, 0.55, 0.7]
    assert [mark.shade for mark in regions.marks] == pytest.approx([0, 0.5, 0.25, 1])
    assert len(cells.marks) == 36
    assert cells.marks[-1].name == "r1c1, patch 9"
    assert (cells.marks[-1].x, cells.marks[-1].y) == pytest.approx((88, 88))
    wrong = view(footage(), quarters(), weights={"region_weights": [1, 2]})
    assert wrong.overlays == ()


def test_the_page_says_by_how_much_motion_is_larger():
    """Frames that go as a whole are the head's motion; a half that goes far is not magnified."""
    seen = view(footage(), quarters())
    expected = "The motion of the face, without that of the head, is magnified 8.0 times."
    assert expected in drawn(seen)
    half = textured(step=5)
    half[:, :48] = half[0, :48]
    large = view(replace(footage(), frames=mertk.Frames.of(half)))
    assert large.magnified == 1
    assert "too large to be magnified" in drawn(large)


def test_a_clip_without_frames_says_so():
    flow = np.zeros((8, 8, 3), np.float32)
    clip = mertk.Footage(frames=mertk.Frames(lambda at: at, 0), onset=0, offset=0, flow=flow)
    seen = view(clip, quarters())
    assert seen.shots == ()
    assert "This clip has a flow map and no frames." in drawn(seen)


def test_a_face_that_is_not_found_is_told():
    class NoFace:
        def align(self, footage):
            raise mertk.DataError("no face was found")

    seen = view(footage(), [Stage("aligner", NoFace())])
    assert seen.shots == ()
    assert seen.note == "This clip cannot be shown: no face was found"


def test_what_learns_is_not_looked_through_before_it_is_fitted():
    line = build_pipeline(PLUGINS.registry, PLUGINS.registry.recipe("flow_svm"))
    assert [step.place for step in find_viewing_stages(line)] == ["aligner", "roi"]

    class Learns:
        def fit(self, train, rng):
            raise NotImplementedError

    learnt = type(line)(line.prefix[:1], (Stage("roi", Learns()), *line.inside))
    assert [step.place for step in find_viewing_stages(learnt)] == ["aligner"]
    assert [step.place for step in find_viewing_stages(learnt, fitted=True)] == ["aligner", "roi"]


def test_several_classes_are_said_under_a_multi_label_protocol():
    shares = {"AU1": 0.6, "AU2": 0.2, "AU4": 0.5}
    assert ClipPrediction.choose("m", shares, multilabel=True).predicted == "AU1 + AU4"
    assert ClipPrediction.choose("m", shares).predicted == "AU1"


def test_names_stay_names():
    predictions = [ClipPrediction.choose(EVIL, {EVIL: 0.9, "b": 0.1})]
    pictures = read_clip_pictures(footage(), quarters(), weights={"region_weights": [0, 0, 0, 1]})
    seen = make_view(EVIL, pictures, predictions=predictions, truth=EVIL, seen_by=EVIL)
    text = drawn(seen)
    assert "<script" not in text
    assert "<img src=x" not in text
    assert text.count("&lt;script&gt;") >= 5


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("explored") / "runs"
    use = mertk.Use("synthetic", subjects=3, clips=3, size=96)
    return mertk.bench(["flow_ridge", "lbptop"], dataset=use, out=out, jobs=1)


def render(results, **options):
    return render_page(results, PLUGINS, read_held_out_clips(results, PLUGINS, **options))


def test_the_worst_mistakes_come_first(results):
    held = rank_clips([one for one in results.outcomes if not one.is_floor])
    right = [sum(each.probabilities[one.truth] for each in one.predictions) for one in held]
    assert len(held) == 9
    assert right == sorted(right)


def test_as_many_clips_are_shown_as_a_page_can_carry(results, monkeypatch):
    held_out = read_held_out_clips(results, PLUGINS)
    everything = gallery.make_gallery(results, held_out)
    assert [view.group for view in everything.views] == [0] * 9 + [1] * 9
    assert everything.models == [("flow_ridge", 0), ("lbptop", 1)]
    assert "9 of 9 held-out clips" in everything.text
    monkeypatch.setattr(gallery, "BUDGET", 2 * 2.5 * everything.views[0].size)
    some = gallery.make_gallery(results, held_out)
    shown = [view.title for view in some.views if view.group == 0]
    assert shown == [view.title for view in everything.views[:2]]
    assert "2 of 9 held-out clips" in some.text


def test_frames_of_synthetic_clips_are_shown_and_can_be_left_out(results, tmp_path, capsys):
    page = render(results)
    assert page.count("data:image/jpeg") > 9 * 2 * 5
    assert held_out_clips.WITHHELD not in page
    run = str(results.runs[0].path.parent)
    with pytest.raises(SystemExit, match="0"):
        main(["report", run, "--no-frames", "--out", str(tmp_path / "bare.html"), "--json"])
    found = json.loads(capsys.readouterr().out)["report"]
    text = (tmp_path / "bare.html").read_text()
    assert found == str(tmp_path / "bare.html")
    assert "data:image/jpeg" not in text
    assert "Frames are left out because of --no-frames" in text
    assert "Class probabilities" in text


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """A run on a folder of clips that nobody has said anything about."""
    data = tmp_path_factory.mktemp("filmed")
    rows = ["subject,clip,path,label,onset,apex,offset"]
    for at in range(4):
        np.save(data / f"{at}.npy", np.roll(textured(), at * 9, axis=1))
        rows.append(f"{'ab'[at % 2]},c{at},{at}.npy,{'joy' if at > 1 else 'fear'},1,5,8")
    (data / "index.csv").write_text("\n".join(rows))
    return mertk.bench(
        ["flow_ridge"], dataset="folder", data=data, out=data / "runs", jobs=1,
        swaps=[("aligner", [mertk.Use("none")])],
    )  # fmt: skip


def test_frames_of_filmed_clips_are_left_out_and_the_page_says_how_to_get_them(filmed):
    page = render(filmed)
    assert "data:image" not in page.replace("data:image/svg", "")
    assert "the licences of real data sets forbid sharing them" in page
    assert "mertk report RUN --frames" in page
    assert "Class probabilities" in page


def test_who_insists_on_frames_is_warned(filmed):
    page = render(filmed, frames=True)
    assert page.count("data:image/jpeg") > 4 * 2 * 5
    assert "do not share this page" in page
    assert "frames of folder" in page


def test_what_models_rest_on_needs_frames(filmed):
    with pytest.raises(mertk.ParameterError, match="drawn over frames"):
        render(filmed, occlusion=1)


def test_clips_that_are_gone_are_told(filmed, monkeypatch):
    monkeypatch.setattr(
        held_out_clips, "clips_of", lambda *_: (_ for _ in ()).throw(mertk.DataError("it is gone."))
    )
    page = render(filmed, frames=True)
    assert "Frames are left out: it is gone." in page
    assert drawing.encode_picture(drawing.draw_colour_legend()) not in page


def test_of_mixed_sets_the_clips_that_are_made_are_shown(results, monkeypatch):
    """One synthetic data set among filmed ones does not let the others' pictures out."""
    clips = held_out_clips.clips_of(results.runs[0], PLUGINS)
    mixed = [replace(clip, record={}) if clip.subject != "s02" else clip for clip in clips]
    monkeypatch.setattr(held_out_clips, "clips_of", lambda *_: mixed)
    views = gallery.make_gallery(results, read_held_out_clips(results, PLUGINS)).views
    assert {view.title.split("/")[1] for view in views if view.shots} == {"s02"}
    assert len(views) == 2 * 9
    held_out = read_held_out_clips(results, PLUGINS, frames=True)
    everything = gallery.make_gallery(results, held_out)
    assert all(view.shots for view in everything.views)
    assert "do not share this page" in everything.warning
