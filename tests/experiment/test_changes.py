"""Swaps and settings reach every model that has a place for them; one model can be changed alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mertk
from mertk.experiment.study import Study

CLIPS = "synthetic:subjects=2,clips=3,frames=6,size=96"


def names(*models, **options):
    study = Study(models=models, dataset=CLIPS, floors=False, **options).open()
    return [one.name for one in study.variants]


def recipes(*models, **options):
    study = Study(models=models, dataset=CLIPS, floors=False, **options).open()
    return [one.recipe for one in study.variants]


def test_a_swap_reaches_every_model_but_the_floors():
    swaps = [("aligner", [mertk.Use("none")])]
    assert names("flow_svm", "hoof_ridge", "majority", swaps=swaps) == [
        "flow_svm+aligner=none",
        "hoof_ridge+aligner=none",
        "majority",
    ]


def test_a_swap_of_fusion_reaches_models_with_fusion_alone():
    swaps = [("fusion", [mertk.Use("standardize")])]
    found = names("flow_svm", "nmp", swaps=swaps)
    assert found == ["flow_svm", "nmp+fusion=standardize"]


def test_a_setting_reaches_every_model_whose_component_has_the_parameter():
    found = recipes("flow_ridge", "biwoof", "flow_svm", sets=[("extractor.size", 20)])
    assert [one.extractor.params.get("size") for one in found] == [20, None, 20]
    found = names("flow_ridge", "flow_svm", sets=[("classifier.C", 2)])
    assert found == ["flow_ridge", "flow_svm+classifier.C=2"]


def test_one_model_is_changed_alone_by_its_name_or_its_preset():
    found = names(
        "flow_svm",
        "hoof:paper",
        "lbptop",
        sets_for=["flow_svm:classifier.C=2", "hoof:paper:classifier=lda:shrinkage=0.5"],
        sets=[("classifier.scale", True)],
    )
    assert found == [
        "flow_svm+classifier.scale=True+classifier.C=2",
        "hoof:paper+classifier.scale=True+classifier=lda:shrinkage=0.5",
        "lbptop+classifier.scale=True",
    ]


def test_a_model_that_is_named_twice_is_compared_with_itself_as_it_was():
    swaps = [("classifier", [mertk.Use("lda")])]
    found = names("flow_svm", "flow_svm", "biwoof", swaps=swaps)
    assert found == ["flow_svm+classifier=lda", "flow_svm", "biwoof+classifier=lda"]
    alone = names("flow_svm", "flow_svm", sets_for=["flow_svm:classifier=lda"])
    assert alone == ["flow_svm+classifier=lda", "flow_svm"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"sets": [("classifier.depth", 3)]}, "depth"),
        ({"swaps": [("nose", [mertk.Use("none")])]}, "no slot 'nose'"),
        ({"sets_for": ["stst:classifier.C=3"]}, "the models are flow_svm, lbptop"),
        ({"sets_for": ["flow_svm classifier.C"]}, "write MODEL:SLOT.PARAMETER=VALUE"),
        ({"sets_for": ["lbptop:extractor.size2=3"]}, "size2"),
    ],
)
def test_a_change_that_no_model_has_a_place_for_is_refused(options, told):
    with pytest.raises(mertk.MertkError, match=told):
        names("flow_svm", "lbptop", **options)


def test_the_command_line_takes_a_change_of_one_model(capsys):
    from mertk.cli import main

    with pytest.raises(SystemExit) as ended:
        main(["bench", "--model", "flow_svm", "--set-for", "lbptop:classifier.C=1"])
    assert ended.value.code == 2
    assert "--set-for lbptop: the models are flow_svm" in capsys.readouterr().err


PLUGIN = '''
"""Clips with a flow map alone."""

from dataclasses import replace

import mertk
from mertk.vision import optical_flow
from mertk_plugins.datasets.synthetic import Synthetic


class FlowAlone:
    """The flow of synthetic clips, without their frames."""

    def index(self, root):
        """The clips."""
        made = Synthetic(subjects=4, clips=6, frames=8, size=96, amplitude=3.0).index(root)
        return [self.reduce(clip) for clip in made]

    def reduce(self, clip):
        """A clip without its frames."""
        footage = clip.footage
        flow = optical_flow.onset_apex(footage.faces())
        frames = footage.frames[:0]
        bare = mertk.Footage(
            frames=mertk.Frames(frames.__getitem__, 0), onset=0, offset=1, apex=1, flow=flow
        )
        return replace(clip, footage=bare)


@mertk.hookimpl
def mertk_register(register):
    """Register it."""
    register.dataset("flow_alone", FlowAlone)
'''


def test_a_model_that_cannot_read_the_clips_says_so_before_another_one_runs(tmp_path):
    file = tmp_path / "alone.py"
    file.write_text(PLUGIN, encoding="utf-8")
    with pytest.raises(mertk.DataError, match="^lbptop: synthetic.*lbptop needs frames"):
        mertk.bench(
            ["flow_ridge", "lbptop"], dataset="flow_alone", protocol="synthetic3", jobs=1,
            plugins=mertk.load_plugins([file]), out=tmp_path / "runs",
        )  # fmt: skip
    assert not list((tmp_path / "runs").rglob("folds/*.json"))


def test_clips_with_a_flow_map_alone_need_no_other_aligner(tmp_path):
    file = tmp_path / "alone.py"
    file.write_text(PLUGIN, encoding="utf-8")
    plugins = mertk.load_plugins([file])
    results = mertk.bench(
        ["flow_ridge"], dataset="flow_alone", protocol="synthetic3", floors=False, jobs=1,
        plugins=plugins, out=tmp_path / "runs",
    )  # fmt: skip
    row = results.table().iloc[0]
    assert row["model"] == "flow_ridge"
    assert row["UF1"] > 0.6
    assert Path(row["run"]).is_dir()
    assert np.isfinite(row["UF1"])
