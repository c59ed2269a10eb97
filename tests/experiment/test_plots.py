"""Pictures of scores and clips on matplotlib's axes, and the tables that they are drawn from."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import mertk
from mertk import plots
from mertk.core import metrics
from mertk.evaluation.breakdowns import bin_confidence

TOYS = Path(__file__).parents[1] / "toys.py"
PLUGINS = mertk.load_plugins([TOYS])


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    noisy = mertk.Use("toy_nearest", noise=30.0)
    other = PLUGINS.registry.recipe("toy_model").swap("classifier", noisy)
    models = ["toy_model", other]
    return mertk.bench(models, dataset="toy", plugins=PLUGINS, out=out, jobs=1, seeds=[0, 1])


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(scope="module")
def clip():
    return mertk.load_dataset("synthetic:subjects=2,clips=3,size=96,amplitude=3")[0]


def test_predictions_are_one_long_table_from_which_scores_follow(results):
    table = results.predictions()
    assert list(table.columns[:7]) == [
        "model", "seed", "fold", "subject", "clip", "true", "predicted",
    ]  # fmt: skip
    assert list(table.columns[7:]) == [f"p_{name}" for name in results.classes]
    assert len(table) == sum(len(run.predictions()) for run in results.runs)
    assert set(table["true"]) == set(results.classes)
    mine = table[table["model"] == "toy_model"]
    scored = mertk.metrics.uf1(mine["true"], mine["predicted"], labels=results.classes)
    assert scored == pytest.approx(results.table()["UF1"][0])
    assert (mine[mine.columns[7:]].sum(axis=1) - 1).abs().max() < 1e-9


def test_a_confusion_matrix_has_the_scores_of_the_table(results):
    found = results.confusion("toy_model")
    assert list(found.index) == list(found.columns) == list(results.classes)
    assert metrics.accuracy(found.to_numpy()) == pytest.approx(results.table()["accuracy"][0])
    with pytest.raises(mertk.UnknownNameError, match="toy_model"):
        results.confusion("toy_modle")


def test_a_forest_plot_has_each_score_where_it_is(results, ax):
    assert results.plot(ax=ax) is ax
    table = results.table().sort_values(["floor", "UF1"], ascending=[True, False])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == table["model"].tolist()
    drawn = np.concatenate([line.lines[0].get_xdata().astype(float) for line in ax.containers])
    np.testing.assert_allclose(drawn, table["UF1"].to_numpy(float))
    shade = ax.patches[0]
    assert (shade.get_x(), shade.get_x() + shade.get_width()) == pytest.approx(
        results.chance["UF1"]
    )
    with pytest.raises(mertk.ParameterError, match="known: UF1"):
        plots.plot_forest(results, score="F1", ax=ax)


def test_a_confusion_plot_shows_means_over_seeds(results, ax):
    plots.plot_confusion(results, ax=ax)
    numbers = [float(text.get_text()) for text in ax.texts]
    assert numbers == (results.confusion().to_numpy().ravel() / 2).tolist()


def test_calibration_and_subjects_are_drawn_from_the_predictions(results, ax):
    plots.plot_calibration(results, ax=ax)
    points, gap = bin_confidence(results.models[0])
    np.testing.assert_allclose(ax.collections[0].get_offsets()[:, 1], points["right"])
    assert f"{gap:.3f}" in ax.get_title()
    other = plots.plot_subjects(results, ax=Figure().subplots())
    assert len(other.lines) == len(results.models)
    means = np.mean([line.get_ydata() for line in other.lines], axis=0)
    assert (np.diff(means) >= -1e-12).all()


def test_a_clip_is_drawn_with_its_flow_regions_and_frames(clip, ax):
    plots.plot_flow(clip, ax=ax)
    face, flow = (image.get_array() for image in ax.images)
    assert face.shape == flow.shape[:2] == (96, 96)
    assert len(ax.collections[0].U) == 144
    regions = plots.plot_regions(clip, "lbptop", ax=Figure().subplots())
    assert len(regions.patches) == 25
    six = plots.plot_regions(clip, "cnn_lstm_se", ax=Figure().subplots())
    assert {text.get_text() for text in six.texts} >= {"mouth", "nose"}
    frames = plots.plot_frames(clip, most=4, ax=Figure().subplots())
    assert frames.images[0].get_array().shape == (96, 4 * 96, 3)
    names = [tick.get_text().split()[0] for tick in frames.get_xticklabels()]
    assert (names[0], names[-1]) == ("onset", "offset")
    assert "apex" in names


def test_what_cannot_be_drawn_is_said(clip, ax):
    with pytest.raises(mertk.ParameterError, match="no regions"):
        plots.plot_regions(clip, "majority", ax=ax)
    footage = mertk.Footage(
        frames=mertk.Frames.of(np.zeros((0, 2, 2, 3), np.uint8)), onset=0, offset=0,
        flow=np.zeros((4, 4, 3), np.float32),
    )  # fmt: skip
    empty = mertk.Clip(dataset="d", subject="s", name="n", footage=footage, fingerprint="f")
    with pytest.raises(mertk.DataError, match="no frames"):
        plots.plot_frames(empty, ax=ax)


def test_results_and_runs_show_themselves(results, tmp_path):
    text, score = repr(results), results.table()["UF1"][0]
    assert text.startswith("<Results data sets: toy, protocol: ")
    assert f"toy_model: UF1 {score:.3f}" in text
    assert f"<tr><th>toy_model</th><td>UF1 {score:.3f}</td></tr>" in results._repr_html_()
    run = results.runs[0]
    assert repr(run).startswith("<Run model: toy_model, protocol: ")
    assert str(run.path)[:50] in run._repr_html_()
    other = mertk.bench(
        "toy_model", dataset="toy", protocol="loso", plugins=PLUGINS, out=tmp_path, jobs=1,
        floors=False,
    )  # fmt: skip
    both = mertk.Results.load(run.path, other.runs[0].path, plugins=PLUGINS)
    assert repr(both).count("toy_model on toy under ") == 2


def test_matplotlib_is_imported_when_something_is_drawn():
    code = "import sys, mertk; mertk.plots.plot_flow; print('matplotlib' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
