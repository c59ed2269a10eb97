"""What fitted components say that an answer rests on: in the ledger, and of a trained model."""

from __future__ import annotations

import numpy as np

import mertk
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study
from mertk.experiment.trained_model import train_model

PLUGINS = mertk.load_plugins()
USE = mertk.Use("synthetic", subjects=2, clips=3, size=96)
TINY = [
    ("extractor.patches", 4),
    ("extractor.patch_size", [8, 8]),
    ("extractor.frames", 2),
    ("fusion.0.epochs", 1),
]


def test_extractors_and_classifiers_explain_held_out_clips(tmp_path):
    results = mertk.bench(
        ["cnn_lstm_se"], dataset=USE, sets=TINY, out=tmp_path, jobs=1, floors=False, seeds=[0]
    )
    said = {uid: found for fold in results.runs[0].folds() for uid, found in fold.explained.items()}
    assert len(said) == 6
    for found in said.values():
        assert np.shape(found["region_weights"]) == (6,)
        assert np.shape(found["patch_weights"]) == (6, 4)


def test_a_trained_model_explains_a_clip(tmp_path):
    study = Study(models=["cnn_lstm_se"], dataset=USE, sets=TINY, floors=False).open(
        Execution(out=tmp_path, jobs=1), plugins=PLUGINS
    )
    model = train_model(study, 0)
    model.save(tmp_path / "model", PLUGINS)
    again = type(model).load(tmp_path / "model", PLUGINS)
    footage = study.task.clips[0].footage
    first, second = model.explain(footage), again.explain(footage)
    assert set(first) == {"region_weights", "patch_weights"}
    for name, array in first.items():
        np.testing.assert_allclose(second[name], array, atol=1e-6)
