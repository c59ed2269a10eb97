"""Several models of one run: each frame is decoded once, and numbers stay what they are alone."""

from __future__ import annotations

import collections

import cv2
import numpy as np
import pandas as pd
import pytest

import mertk
from mertk import Frames
from mertk.core.options import split_options
from mertk.datasets.media import frames as pictures
from mertk.experiment.bench import plan_study
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study

MODELS = ["flow_ridge", "hoof"]


@pytest.fixture
def clips(tmp_path):
    rng, rows = np.random.default_rng(0), ["subject,clip,path,label"]
    for person in range(2):
        for at, label in enumerate("ab"):
            folder = tmp_path / "data" / f"p{person}c{at}"
            folder.mkdir(parents=True)
            rows.append(f"p{person},c{at},{folder.name},{label}")
            for frame in range(4):
                picture = rng.integers(0, 256, (64, 64, 3), np.uint8)
                cv2.imwrite(str(folder / f"{frame}.jpg"), cv2.GaussianBlur(picture, (0, 0), 3))
    (tmp_path / "data" / "index.csv").write_text("\n".join(rows))
    return {
        "dataset": "folder", "data": {"folder": tmp_path / "data"}, "floors": False, "jobs": 1,
        "swaps": [("aligner", [mertk.Use("none")])],
    }  # fmt: skip


def test_pictures_are_read_once_in_each_kind_and_no_copy_is_shared():
    read = collections.Counter()

    class Reader:
        def __call__(self, at):
            read["colour", at] += 1
            return np.full((2, 2, 3), at, np.uint8)

        def read_grey(self, at):
            read["grey", at] += 1
            return np.full((2, 2), at, np.uint8)

    frames = Frames(Reader(), 3)
    with frames.keep_pictures(1000):
        frames[1][:] = 9
        assert frames[1].max() == 1
        assert frames[:].max() == 2
        frames.read_grey(2)[:] = 9
        assert frames.read_grey(2).max() == 2
    assert set(read.values()) == {1}
    assert len(read) == 4
    frames[1]
    assert read["colour", 1] == 2


def test_no_more_is_kept_than_the_limit():
    read = []
    frames = Frames(lambda at: read.append(at) or np.zeros((2, 2, 3), np.uint8), 3)
    with frames.keep_pictures(12):
        frames[:]
        frames[:]
    assert read == [0, 1, 2, 1, 2]


def test_models_of_one_run_decode_each_frame_once(clips, tmp_path, monkeypatch):
    read = collections.Counter()
    decode = pictures._read_grey

    def count(file, bits):
        read[file.parent.name, file.name] += 1
        return decode(file, bits)

    def run(models, name):
        return mertk.bench(models, out=tmp_path / name / "runs", cache=tmp_path / name, **clips)

    monkeypatch.setattr(pictures, "_read_grey", count)
    alone, before = [], collections.Counter()
    for model in MODELS:
        alone.append(run([model], model).predictions())
        before += read
        read.clear()
    together = run(MODELS, "together")
    for counts in (before, read):  # the first clip is tried before, and looked at for key frames
        for file in [file for file in counts if file[0] == "p0c0"]:
            del counts[file]
    assert set(before.values()) == {len(MODELS)}
    assert set(read.values()) == {1}
    expected = pd.concat(alone, ignore_index=True)
    pd.testing.assert_frame_equal(together.predictions(), expected)
    for done in together.runs:
        assert done.prefix_seconds > 0
    read.clear()
    run(MODELS, "together")
    assert not read


def test_a_plan_decodes_each_frame_once_and_counts_the_shared_time(clips, tmp_path, monkeypatch):
    read = collections.Counter()
    decode = pictures._read_grey
    monkeypatch.setattr(
        pictures, "_read_grey", lambda file, bits: read.update([file]) or decode(file, bits)
    )
    what, how = split_options(
        clips | {"out": tmp_path / "runs", "cache": tmp_path}, Study, Execution
    )
    study = Study(models=MODELS, **what).open(Execution(**how))
    planned = plan_study(study)
    assert {count for file, count in read.items() if file.parent.name != "p0c0"} == {1}
    assert all(one.features_seconds > 0 for one in planned)
    assert not study.spent
