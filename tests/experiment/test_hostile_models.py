"""Folders from strangers: one line and exit code 2, whatever is in them, and nothing is run."""

from __future__ import annotations

import shutil
import sys
import time

import pytest
from hostile_models import HOSTILE, canary

import mertk
from mertk import cli
from mertk.experiment.trained_model import TrainedModel

USE = "synthetic:subjects=4,clips=3,size=128"
PLUGINS = mertk.load_plugins()
SECONDS = 20  # each takes less than one, but for what is imported on the way


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good") / "model"
    with pytest.raises(SystemExit, match="0"):
        cli.main(["train", "--model", "flow_svm", "--dataset", USE, "--out", str(folder)])
    return folder


@pytest.fixture(scope="module")
def clip():
    return PLUGINS.registry.build("dataset", mertk.Use.parse(USE)).index(None)[0]


@pytest.fixture
def folder(good, tmp_path):
    return shutil.copytree(good, tmp_path / "model")


def memory():
    """The most memory that this process has had, in bytes; 0 where nobody says."""
    try:
        import resource
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def test_the_folder_that_is_damaged_is_good(folder, clip):
    found = TrainedModel.load(folder, PLUGINS).predict(clip.footage)
    assert found.sum() == pytest.approx(1)
    assert len({name for name, _ in HOSTILE}) == len(HOSTILE) >= 250


@pytest.mark.timeout(120)
@pytest.mark.parametrize("change", [pytest.param(one, id=name[:80]) for name, one in HOSTILE])
def test_a_hostile_folder_is_one_line_and_runs_nothing(change, folder, clip, capfd):
    change(folder)
    before, start = memory(), time.monotonic()
    with pytest.raises(mertk.MertkError) as told:
        TrainedModel.load(folder, PLUGINS).predict(clip.footage)
    assert time.monotonic() - start < SECONDS
    assert memory() - before < 2**30
    assert not canary(folder).exists()
    assert "this" not in sys.modules
    assert not isinstance(told.value, mertk.ComponentError)  # which a command blames on a video
    assert 20 < len(str(told.value)) < 1200
    assert "\n" not in str(told.value)
    assert capfd.readouterr() == ("", "")
