"""What the pipeline itself computes, as it was recorded: who changes it raises its version.

`python tests/pipeline/test_pipeline_version.py` records it anew.
"""

import hashlib
import tempfile
from pathlib import Path

import numpy as np

import mertk
from mertk.core.clips import Warp
from mertk.pipeline.features import PrefixKeys, run_prefix, unpack_clip_state
from mertk.pipeline.pipeline import PIPELINE_VERSION, Pipeline, Stage
from mertk.storage.cache import Cache

GOLDEN = Path(__file__).parents[1] / "golden" / "pipeline.txt"
TOYS = Path(__file__).parents[1] / "toys.py"


class Shifted:
    """The frames two pixels to the left and three up, with landmarks."""

    def align(self, footage):
        warp = Warp((1.0, 0.0, -2.0, 0.0, 1.0, -3.0), (20, 16))
        points = np.arange(136, dtype=np.float32).reshape(68, 2)
        frames = footage.frames.map(warp)
        return footage.faces(frames, landmarks=points, transform=warp.matrix)


class Quarters:
    """Four boxes and two polygons."""

    def locate(self, faces):
        boxes = np.array([[0, 0, 10, 8], [10, 0, 20, 8]])
        polygons = (np.array([[0, 0], [9, 0], [4, 7]]), np.array([[10, 0], [19, 0], [14, 7]]))
        return mertk.Regions(names=("left", "right"), boxes=boxes, polygons=polygons)


class Means:
    """Mean brightness of each region and frame, and the pixels of the peak."""

    def extract(self, faces, regions):
        parts = [[faces.frames[:][:, r, c].mean(axis=(1, 2, 3))] for r, c in regions.windows()]
        return {"means": np.array(parts), "peak": faces.frames[faces.peak][None]}


class Doubled:
    """Streams in double precision, one of them renamed."""

    def fuse(self, streams):
        return {name.upper(): np.asarray(array) * 2.0 for name, array in streams.items()}


class Backwards:
    """Streams whose names are not in alphabetical order."""

    def extract(self, faces, regions):
        return {name: np.ones((2, 3)) for name in ("nose", "mouth", "brow")}


def fixed_clip():
    at = np.arange(6 * 24 * 24 * 3, dtype=np.int64)
    frames = (at * at // 7 % 251).astype(np.uint8).reshape(6, 24, 24, 3)
    footage = mertk.Footage(frames=mertk.Frames.of(frames), onset=1, apex=3, offset=5, fps=100.0)
    return mertk.Clip(
        dataset="fixed", subject="s", name="c", footage=footage, fingerprint="1", record={}
    )


def stored(cache, steps, after):
    """What is in the cache for the fixed clip, of these steps before a frontier."""
    line = Pipeline(steps, after)
    keys = PrefixKeys((len(steps), [step.kind for step in after]), "aligner")
    run_prefix(line, keys, cache, fixed_clip())
    return cache.get(keys.clip(fixed_clip()))


def told(name, array):
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
    return f"{name} {array.dtype} {list(array.shape)} {digest}"


def features(folder):
    """The stored features, of a whole prefix and of one that ends at each slot."""
    cache = Cache(folder)
    aligner, roi = Stage("aligner", Shifted()), Stage("roi", Quarters())
    extractor, fusion = Stage("extractor", Means()), Stage("fusion.1", Doubled())
    last = Stage("classifier", None)
    lines = []
    for steps, after in (
        ((aligner,), (roi, extractor, last)),
        ((aligner, roi), (extractor, last)),
        ((aligner, roi, extractor), (fusion, last)),
        ((aligner, roi, extractor, fusion), (last,)),
    ):
        found = stored(cache, steps, after)
        lines += [f"after {steps[-1].place}: {dict(found.about)}"]
        lines += [told(name, array) for name, array in sorted(found.arrays.items())]
    return lines


def chances(folder):
    """The predictions of a classifier that draws chance in every fold."""
    results = mertk.bench(
        ["toy_model"], dataset="toy", sets=[("extractor.scale", 0.3), ("classifier.noise", 8.0)], seeds=[0, 1], jobs=1,
        floors=False, out=folder / "runs", cache=folder / "cache",
        plugins=mertk.load_plugins([TOYS]),
    )  # fmt: skip
    table = results.runs[0].predictions().sort_values(["seed", "uid"])
    return [f"{r.seed} {r.fold} {r.uid} {r.p_up:.5f}" for r in table.itertuples()]


def computed(folder):
    return "\n".join([f"version {PIPELINE_VERSION}", *features(folder), *chances(folder), ""])


def test_what_the_pipeline_computes_is_what_its_version_says(tmp_path):
    assert computed(tmp_path) == GOLDEN.read_text(encoding="utf-8"), (
        "the pipeline's own arithmetic has changed: raise PIPELINE_VERSION in "
        "mertk/pipeline/pipeline.py, so that features in the cache and finished runs are computed "
        "again, and record what it gives now: python tests/pipeline/test_pipeline_version.py"
    )


def test_streams_keep_their_order_in_the_cache(tmp_path):
    steps = Stage("aligner", Shifted()), Stage("roi", Quarters()), Stage("extractor", Backwards())
    found = stored(Cache(tmp_path), steps, (Stage("classifier", None),))
    assert list(unpack_clip_state(found, None).streams) == ["nose", "mouth", "brow"]


def test_another_version_makes_other_keys_and_runs(tmp_path, monkeypatch):
    clip, keys = fixed_clip(), PrefixKeys((), "aligner")
    before = keys.clip(clip), keys.geometry(clip)
    monkeypatch.setattr("mertk.pipeline.features.PIPELINE_VERSION", PIPELINE_VERSION + 1)
    assert not {*before} & {keys.clip(clip), keys.geometry(clip)}
    monkeypatch.setattr("mertk.experiment.run_facts.PIPELINE_VERSION", PIPELINE_VERSION + 1)
    paths = set()
    for version in (PIPELINE_VERSION, PIPELINE_VERSION + 1):
        monkeypatch.setattr("mertk.experiment.run_facts.PIPELINE_VERSION", version)
        results = mertk.bench(
            ["toy_model"], dataset="toy", jobs=1, floors=False, out=tmp_path / "runs",
            plugins=mertk.load_plugins([TOYS]),
        )  # fmt: skip
        paths.add(results.runs[0].path)
    assert len(paths) == 2


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        GOLDEN.write_text(computed(Path(made)), encoding="utf-8")
