"""Key frames: who looks at them is seen, and they can be taken away or made wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mertk
from mertk.core.progress import Silent
from mertk.core.recipe import Use
from mertk.experiment import keyframes
from mertk.experiment.executors.local import Local
from mertk.experiment.task import make_task
from mertk.pipeline import features
from mertk.report import sentences
from mertk.storage.source_code.component import read_code
from mertk.vision.apex_detection import spot_apex

TOYS = Path(__file__).parents[1] / "toys.py"
LOOKING = '''
import numpy as np, mertk
class Brightness:
    """Looks at pixels alone."""
    def extract(self, faces, regions):
        return np.array([[float(faces.frames[len(faces.frames) - 1].mean())]])
class Learnt:
    """Looks at key frames in its fit alone."""
    def fit(self, train, rng):
        self.at = max(faces.offset for faces, _ in train.inputs)
    def extract(self, faces, regions):
        return np.array([[float(faces.frames[self.at].mean())]])
class Early:
    """Is as bright as the onset's place says."""
    def align(self, footage):
        return footage.faces(mertk.Frames.of(footage.frames[:] + np.uint8(footage.onset)))
@mertk.hookimpl
def mertk_register(register):
    register.extractor("brightness", Brightness)
    register.extractor("learnt", Learnt)
    register.aligner("early", Early)
'''


@pytest.fixture
def plugins(tmp_path):
    (tmp_path / "looking.py").write_text(LOOKING)
    return mertk.load_plugins([TOYS, tmp_path / "looking.py"])


def bench(plugins, out, **options):
    options = {"dataset": "toy", "jobs": 1, "floors": False} | options
    return mertk.bench(["toy_model"], plugins=plugins, out=out, **options)


def task_of(plugins, **params):
    clips = plugins.registry.build("dataset", Use("toy", **params)).index(None)
    return make_task(plugins.registry, Use("toy_loso"), [Use("toy", **params)], clips)


@pytest.mark.parametrize(
    ("swaps", "read"),
    [
        ({"extractor": "toy_change"}, ("onset", "apex")),
        ({"extractor": "brightness"}, ()),
        ({"extractor": "learnt"}, ("offset",)),
        ({"aligner": "early", "extractor": "brightness"}, ("onset",)),
    ],
)
def test_what_a_recipe_reads_of_them_is_seen_and_said(plugins, tmp_path, swaps, read):
    chosen = [(slot, [Use(name)]) for slot, name in swaps.items()]
    results = bench(plugins, tmp_path, swaps=chosen)
    assert results.runs[0].keyframes == read
    said = f"{results.runs[0].name}: {', '.join(read) or 'none'}."
    assert any(sentence.endswith(said) for sentence in sentences.list_sentences(results))


def test_without_them_who_does_not_look_answers_the_same(plugins, tmp_path):
    blind = {"swaps": [("extractor", [Use("brightness")])]}
    given = bench(plugins, tmp_path, **blind).runs[0]
    hidden = bench(plugins, tmp_path, keyframes="none", **blind).runs[0]
    assert hidden.name.endswith("+keyframes=none")
    assert hidden.path != given.path
    assert hidden.identity["keyframes"] == "none"
    assert hidden.predictions().equals(given.predictions())
    looking = bench(plugins, tmp_path, keyframes="none").runs[0].predictions()
    assert not looking.equals(bench(plugins, tmp_path).runs[0].predictions())


def test_a_spotted_apex_stands_in_for_the_annotated_one(plugins, tmp_path):
    results = bench(plugins, tmp_path / "runs", keyframes="estimated", cache=tmp_path / "cache")
    run = results.runs[0]
    assert run.name.endswith("+keyframes=estimated")
    assert run.identity["keyframes"] == "estimated"
    task = task_of(plugins)
    found = features.find_apexes(task, tmp_path / "cache", Local(1), Silent())
    moved = keyframes.use_spotted_apexes(task, found)
    assert moved.identity["data"] == run.identity["data"]
    for clip in moved.clips:
        assert clip.footage.apex == found[clip.uid] == spot_apex(clip.footage.frames)
        assert (clip.footage.onset, clip.footage.offset) == (0, len(clip.footage.frames) - 1)


def test_an_apex_is_spotted_once(plugins, tmp_path, monkeypatch):
    task = task_of(plugins)
    first = features.find_apexes(task, tmp_path, Local(1), Silent())
    code = read_code(spot_apex)
    monkeypatch.setattr("mertk.vision.apex_detection.spot_apex", lambda _frames: 1 / 0)
    monkeypatch.setattr("mertk.pipeline.features.read_code", lambda _target: code)
    assert features.find_apexes(task, tmp_path, Local(1), Silent()) == first


def test_they_are_wrong_by_as_many_frames_in_each_clips_own_direction(plugins):
    task = task_of(plugins)
    long = [
        replace(clip, footage=mertk.Footage(
            frames=mertk.Frames.of(np.zeros((40, 4, 4, 3), np.uint8)), onset=10, apex=20, offset=30
        ))
        for clip in task.clips
    ]  # fmt: skip
    task = replace(task, clips=long)
    moves = {
        frames: [
            (clip.footage.onset - 10, clip.footage.apex - 20)
            for clip in keyframes.jitter_keyframes(task, frames).clips
        ]
        for frames in (2, 4)
    }
    assert {abs(step) for pair in moves[2] for step in pair} == {2}
    assert len(set(moves[2])) == 4  # all combinations of directions occur
    assert moves[4] == [(2 * onset, 2 * apex) for onset, apex in moves[2]]
    assert keyframes.jitter_keyframes(task, 0) is task


def test_they_stay_in_order_and_inside_the_clip(plugins):
    for clip in keyframes.jitter_keyframes(task_of(plugins), 99).clips:
        footage = clip.footage
        assert 0 <= footage.onset <= footage.apex <= footage.offset < len(footage.frames)


def test_the_score_stands_against_the_jitter(plugins, tmp_path):
    results = bench(plugins, tmp_path, jitter=[0, 4])
    assert list(results.table()["model"]) == ["toy_model", "toy_model+jitter=4"]
    table = results.sweep_table()
    assert list(table["jitter"]) == ["0", "4"]
    assert table["UF1"][0] > table["UF1"][1]
    assert results.runs[0].path == bench(plugins, tmp_path).runs[0].path
    assert results.runs[1].identity["jitter"] == 4


def test_a_flow_map_was_made_from_them(plugins):
    task = task_of(plugins)
    flow = np.zeros((4, 4, 3), np.float32)
    clips = [replace(c, footage=replace(c.footage, flow=flow)) for c in task.clips]
    with pytest.raises(mertk.DataError, match="comes with a flow map"):
        keyframes.hide_keyframes(replace(task, clips=clips))
    with pytest.raises(mertk.DataError, match="comes with a flow map"):
        keyframes.use_spotted_apexes(replace(task, clips=clips), {clip.uid: 0 for clip in clips})


def test_a_precomputed_map_counts_as_the_key_frames_it_was_made_from():
    from mertk.experiment.keyframes import record_reads
    from mertk.pipeline.pipeline import ClipState

    flow = np.ones((4, 4, 3), np.float32)
    faces = mertk.Faces(frames=mertk.Frames(None, 0), onset=0, offset=3, flow=flow)
    seen: set[str] = set()
    state = record_reads(ClipState(faces=faces), seen)
    assert seen == set()
    assert state.faces.flow is not None
    assert seen == {"onset", "apex"}
    assert len(state.faces.features) == 0
    assert seen == {"onset", "apex"}
