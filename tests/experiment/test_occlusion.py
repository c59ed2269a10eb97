"""What an answer rests on: stilled cells, where they lie, and that those which move matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import mertk
from mertk.cli import main
from mertk.experiment.execution import Execution
from mertk.experiment.occlusion import occlude_cells, still_cell
from mertk.experiment.refit import Refit, clips_of, task_of
from mertk.experiment.study import Study
from mertk.experiment.trained_model import train_model

PLUGINS = mertk.load_plugins()
USE = mertk.Use("synthetic", subjects=3, clips=3, size=96, amplitude=3.0, nuisance=0.0)


def blinking(count=4, size=20):
    """Frames of which each is one grey value."""
    values = np.arange(count, dtype=np.uint8)[:, None, None, None] * 10
    return mertk.Frames.of(np.broadcast_to(values, (count, size, size, 3)).copy())


def test_a_stilled_cell_stays_as_at_onset_and_the_rest_moves_on():
    clip = mertk.Footage(frames=blinking(), onset=1, offset=3)
    found = still_cell(clip, clip.faces(), (0.5, 0.0, 1.0, 0.5)).frames[:]
    assert (found[:, 1:9, 12:19] == 10).all()
    assert (found[3][11:] == 30).all()
    assert (found[3][:, :9] == 30).all()


def test_a_cell_of_the_registered_face_is_found_in_the_footage():
    """Registration doubles the part from (5, 5) on: the upper left quarter is 5 … 10 there."""
    clip = mertk.Footage(frames=blinking(), onset=0, offset=3)
    faces = clip.warped(np.array([[2.0, 0, -10], [0, 2.0, -10]]), (20, 20))
    found = still_cell(clip, faces, (0.0, 0.0, 0.5, 0.5)).frames[3][..., 0]
    assert (found[5:10, 5:10] == 0).all()
    assert (found[:4] == 30).all()
    assert (found[:, 12:] == 30).all()


def test_the_map_is_the_drop_of_what_is_said():
    """A model that looks at the lower right quarter of the last frame alone."""

    def predict(footage):
        bright = footage.frames[3][11:, 11:].mean() / 30
        return np.array([1 - bright, bright])

    clip = mertk.Footage(frames=blinking(), onset=0, offset=3)
    found = occlude_cells(
        predict, clip, clip.faces(), model="m", classes=("no", "yes"), grid=(2, 2)
    )
    assert (found.predicted, found.probability) == ("yes", 1.0)
    assert found.drop[1, 1] > 0.9
    assert np.abs(found.drop.ravel()[:3]).max() < 0.2


def test_cells_with_the_true_motion_matter_most(tmp_path):
    """On clean synthetic clips, of a fitted model: the more moves in a cell, the more it counts."""
    study = Study(models=["flow_ridge"], dataset=USE, floors=False)
    execution = Execution(out=tmp_path, cache=tmp_path / "cache", jobs=1)
    model = train_model(study.open(execution, plugins=PLUGINS), 0)
    made = PLUGINS.registry.build("dataset", USE)
    moving, still = [], []
    for clip in made.index(None)[:3]:
        footage = replace(clip.footage, frames=mertk.Frames.of(clip.footage.frames[:]))
        whole = footage.faces()
        found = occlude_cells(
            model.predict, footage, whole, model="m", classes=model.classes, grid=(4, 4)
        )
        size = np.hypot(*np.moveaxis(made.flow(clip), -1, 0))
        cells = size.reshape(4, 24, 4, 24).mean(axis=(1, 3))
        order = cells.ravel().argsort()
        moving.append(found.drop.ravel()[order[-3:]].mean())
        still.append(found.drop.ravel()[order[:8]].mean())
    assert np.mean(moving) > 0.02
    assert np.mean(moving) > 4 * abs(np.mean(still))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("occluded") / "runs"
    return mertk.bench(["flow_ridge"], dataset=USE, out=out, jobs=1, plugins=PLUGINS)


def test_a_fold_fitted_again_answers_as_its_run_did(results):
    run = results.runs[0]
    again = Refit(run, task_of(run, clips_of(run, PLUGINS), PLUGINS), PLUGINS)
    uid = "synthetic/s02/c03"
    footage = next(c.footage for c in again.task.clips if c.uid == uid)
    row = run.predictions().set_index("uid").loc[uid]
    kept = row[[f"p_{name}" for name in run.classes]].to_numpy(float)
    np.testing.assert_allclose(again.without(uid).predict(footage), kept, atol=1e-6)


def test_other_clips_are_no_clips_of_the_run(results):
    run = results.runs[0]
    with pytest.raises(mertk.StorageError, match="clip list is not that of the clips"):
        task_of(run, clips_of(run, PLUGINS)[:-1], PLUGINS)


def test_report_maps_what_models_rest_on(results, tmp_path, capsys):
    page = tmp_path / "page.html"
    run = str(results.runs[0].path)
    with pytest.raises(SystemExit, match="0"):
        main(["report", run, "--occlusion", "1", "--out", str(page)])
    text = page.read_text()
    assert text.count("Occlusion map of flow_ridge: ") == 1
    assert "row 7, column 6" in text
