"""`fresh` uses neither the ledger nor the cache: what lies there is computed again and replaced."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

import mertk
from mertk.core.clips import Warp
from mertk.core.progress import Silent
from mertk.experiment.executors.local import Local
from mertk.experiment.study import Study
from mertk.pipeline import features
from mertk.pipeline.features import PrefixKeys, align_clip
from mertk.pipeline.pipeline import Stage, build_pipeline
from mertk.storage.cache import Cache

TOYS = Path(__file__).parents[1] / "toys.py"


@pytest.fixture
def plugins():
    return mertk.load_plugins([TOYS])


def bench(plugins, out, **options):
    given = {"dataset": "toy", "jobs": 1, "floors": False} | options
    return mertk.bench(["toy_model"], out=out, plugins=plugins, **given)


def opened(plugins):
    return Study(models=["toy_model"], dataset="toy", floors=False).open(plugins=plugins)


def spoil(plugins):
    """Write nonsense in the place of all features, under keys that are right."""
    study = opened(plugins)
    recipe = study.variants[0].recipe
    keys = PrefixKeys.of(plugins.registry, recipe, build_pipeline(plugins.registry, recipe))
    cache = Cache()
    for at, clip in enumerate(study.task.clips):
        key = keys.clip(clip)
        stored = cache.get(key)
        wrong = {name: array * 0 + at % 3 for name, array in stored.arrays.items()}
        cache.put(key, wrong, stored.about)


def predictions(results):
    return results.runs[0].predictions()


@pytest.mark.parametrize("jobs", [1, 2])
def test_features_are_computed_again_and_rewritten(plugins, tmp_path, jobs):
    first = predictions(bench(plugins, tmp_path / "a", jobs=jobs))
    spoil(plugins)
    wrong = predictions(bench(plugins, tmp_path / "b", jobs=jobs))
    assert not wrong.equals(first)  # else this would show nothing
    assert predictions(bench(plugins, tmp_path / "c", jobs=jobs, fresh=True)).equals(first)
    assert predictions(bench(plugins, tmp_path / "d", jobs=jobs)).equals(first)


def test_models_of_one_command_share_what_it_has_computed(plugins, tmp_path, monkeypatch):
    computed = []
    real = Cache.put

    def put(cache, key, *given):
        computed.append(key)
        real(cache, key, *given)

    monkeypatch.setattr(Cache, "put", put)
    bench(plugins, tmp_path, fresh=True, sweeps=["classifier.noise=0,1"])
    assert len(computed) == len(set(computed)) > 0


class Shifted:
    """All frames a pixel to the left."""

    def align(self, footage):
        return footage.faces(footage.frames.map(Warp((1.0, 0, -1, 0, 1, 0), (16, 12))))


def test_a_remembered_warp_is_not_used(plugins, tmp_path):
    clip = opened(plugins).task.clips[0]
    cache, step, keys = Cache(tmp_path), Stage("aligner", Shifted()), PrefixKeys((), "aligner")
    first = align_clip(step, keys, cache, clip).frames[:]
    cache.put(keys.geometry(clip), {}, {"warp": asdict(Warp((1.0, 0, 5, 0, 1, 0), (16, 12)))})
    assert (align_clip(step, keys, cache, clip).frames[:] != first).any()
    assert (align_clip(step, keys, cache, clip, fresh=True).frames[:] == first).all()
    assert (align_clip(step, keys, cache, clip).frames[:] == first).all()


def test_spotted_apexes_are_found_again(plugins, tmp_path):
    task = opened(plugins).task
    task = replace(task, clips=task.clips[:2])
    found = features.find_apexes(task, tmp_path, Local(1), Silent())
    for file in Cache(tmp_path).entries():
        key = file.stem
        Cache(tmp_path).put(key, {"apex": Cache(tmp_path).get(key).arrays["apex"] * 0 + 4})
    assert set(features.find_apexes(task, tmp_path, Local(1), Silent()).values()) == {4}
    assert features.find_apexes(task, tmp_path, Local(1), Silent(), fresh=True) == found
    assert features.find_apexes(task, tmp_path, Local(1), Silent()) == found
