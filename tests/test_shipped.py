"""What is shipped, as a whole: every recipe runs, signal is found, and where there is none, none."""

import numpy as np
import pytest

import mertk
from mertk.pipeline.pipeline import build_pipeline

REGISTRY = mertk.load_plugins().registry
MODELS = REGISTRY.names("model")
CLASSIC = ["lbptop", "biwoof", "flow_svm"]


def recipes():
    for name in MODELS:
        entry = REGISTRY.get("model", name)
        yield pytest.param(entry.target, id=name)
        for preset, recipe in entry.presets.items():
            yield pytest.param(recipe, id=f"{name}:{preset}")


@pytest.mark.parametrize("recipe", list(recipes()))
def test_every_recipe_and_preset_can_be_built(recipe):
    assert build_pipeline(REGISTRY, recipe).classifier.kind == "classifier"


@pytest.mark.parametrize(
    "entry", [e for e in REGISTRY if e.kind != "model"], ids=lambda e: f"{e.kind}-{e.name}"
)
def test_every_component_takes_its_own_defaults(entry):
    defaults = {name: p.default for name, p in entry.parameters().items()}
    assert all(p.default is not p.empty for p in entry.parameters().values())
    built = mertk.Use(entry.name, **{n: v for n, v in defaults.items() if v is not None})
    assert REGISTRY.build(entry.kind, built) is not None


def test_the_frontier_of_the_shipped_models():
    first = {
        name: build_pipeline(REGISTRY, REGISTRY.recipe(name)).inside[0].place for name in MODELS
    }
    assert first["lbptop"] == "classifier"
    assert first["ststnet"] == "classifier"
    assert first["cnn_lstm_se"] == "fusion.0"
    assert first["cnn_lstm"] == "fusion.0"


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_every_model_runs_on_a_small_set_and_repeats_bit_for_bit(model, tmp_path):
    if model == "videomae":
        pytest.importorskip("transformers")
    small = "synthetic:subjects=2,clips=3,frames=12"
    first, again = (
        mertk.bench([model], dataset=small, out=tmp_path / name, jobs=1, floors=False, seeds=[0])
        for name in "ab"
    )
    assert first.runs[0].predictions().equals(again.runs[0].predictions())


@pytest.mark.slow
def test_classic_methods_find_the_signal_of_the_default_set(tmp_path):
    results = mertk.bench([*CLASSIC, "ststnet"], out=tmp_path, floors=False, seeds=[0])
    scores = results.table().set_index("model")["UF1"]
    assert (scores > results.chance["UF1"][1]).all(), scores
    assert 0.7 < scores.max() < 0.95, scores


@pytest.mark.slow
def test_without_motion_nobody_finds_anything(tmp_path):
    results = mertk.bench(CLASSIC, dataset="synthetic:amplitude=0", out=tmp_path, floors=False)
    scores = results.table().set_index("model")["UF1"]
    assert (scores < results.chance["UF1"][1]).all(), scores


@pytest.mark.slow
def test_files_on_disk_give_the_scores_of_the_clips_they_hold(tmp_path):
    from mertk.export import layouts

    clips = REGISTRY.build("dataset", mertk.Use("synthetic", subjects=3, clips=6)).index(None)
    for layout in ("casme2", "folder"):
        layouts.write_layout(clips, tmp_path / layout, layout)
    straight = mertk.bench(
        ["flow_svm"], dataset="synthetic:subjects=3,clips=6", out=tmp_path / "a", floors=False
    )
    files = mertk.bench(
        ["flow_svm"], dataset="casme2", data=tmp_path / "casme2", out=tmp_path / "b", floors=False
    )
    rows = mertk.bench(
        ["flow_svm"], dataset="folder", data=tmp_path / "folder", out=tmp_path / "c", floors=False
    )
    assert files.synthetic
    scores = [r.table()["UF1"][0] for r in (straight, files, rows)]
    assert np.ptp(scores) < 0.3, scores  # JPEG and dlib's landmarks come between


@pytest.mark.slow
def test_grey_odd_and_short_clips_run_through(tmp_path):
    import cv2

    rng = np.random.default_rng(0)
    lines = ["subject,clip,path,label"]
    for subject in ("a", "b"):
        for number, (frames, shape) in enumerate([(12, (101, 83)), (1, (60, 64)), (10, (99, 99))]):
            folder = tmp_path / subject / str(number)
            folder.mkdir(parents=True)
            for at in range(frames):
                grey = rng.integers(0, 255, shape, dtype=np.uint8)
                cv2.imwrite(str(folder / f"{at}.png"), grey)
            lines.append(f"{subject},{number},{subject}/{number},{'xy'[number % 2]}")
    (tmp_path / "index.csv").write_text("\n".join(lines))
    unaligned = [REGISTRY.recipe(m).swap("aligner", mertk.Use("none")) for m in CLASSIC[1:]]
    results = mertk.bench(
        unaligned, dataset="folder:stills=true", data=tmp_path, out=tmp_path / "runs", floors=False
    )
    assert (results.table()["clips"] == 6).all()
