"""Features of one clip of 60 frames, against what cannot be left out: reading frames, and flow.

OMP_NUM_THREADS=1 python -m benchmarks.prefixes
"""

from __future__ import annotations

import dataclasses
import tempfile
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np

import mertk
from benchmarks._clock import medians, show
from mertk.core.frames import Frames
from mertk.experiment import shared_features
from mertk.pipeline.pipeline import ClipState, build_pipeline
from mertk.vision import optical_flow, resampling

FRAMES, WIDTH, HEIGHT = 60, 640, 480
REPEATS = 7


def main() -> None:
    """Print every comparison."""
    registry = mertk.load_plugins().registry
    use = mertk.Use("synthetic", subjects=1, clips=1, frames=FRAMES)
    clip = registry.build("dataset", use).index(None)[0]
    with tempfile.TemporaryDirectory() as folder:
        _compare_decoding(registry, clip, Path(folder))
        _compare_several_models(registry, Path(folder))
    known = dataclasses.replace(clip.footage, frames=mertk.Frames.of(clip.footage.frames[:]))
    _compare_flow(registry, known)
    _compare_hog3(registry, known)


def _run_prefix(pipeline: Any, footage: Any) -> None:
    state = ClipState(footage=footage)
    for stage in pipeline.prefix:
        state = stage.apply(state)


def _compare_decoding(registry: Any, clip: Any, folder: Path) -> None:
    """LBP-TOP's features from JPEG files, decoded in grey and in colour."""
    names = []
    for at in range(FRAMES):
        picture = cv2.resize(clip.footage.frames[at], (WIDTH, HEIGHT))
        names.append(f"{at:03d}.jpg")
        cv2.imwrite(str(folder / names[-1]), picture[..., ::-1])
    (folder / "index.csv").write_text("subject,clip,path,label\na,a,.,x\n")
    read = registry.build("dataset", mertk.Use("folder")).index(folder)[0]
    recipe = registry.recipe("lbptop").swap("aligner", mertk.Use("none"))
    pipeline = build_pipeline(registry, recipe)
    prefix = partial(_run_prefix, pipeline, read.footage)
    greys = partial(_read_all, read.footage.frames, grey=True)
    colours = partial(_read_all, read.footage.frames, grey=False)
    calls = {
        "decoded in grey": prefix,
        "decoded in colour": partial(_in_colour, prefix),
        "floor: the JPEGs decoded in grey alone": greys,
        "the JPEGs decoded in colour alone": colours,
    }
    show(f"LBP-TOP of {FRAMES} JPEGs of {WIDTH}x{HEIGHT}, of one clip", medians(calls, REPEATS))


def _compare_several_models(registry: Any, folder: Path) -> None:
    """Three models over one JPEG clip: all in one go, and one after the other as it was."""
    clip = registry.build("dataset", mertk.Use("folder")).index(folder)[0]
    missing = []
    for name in ("lbptop", "lbpsip", "elbptop"):
        recipe = registry.recipe(name).swap("aligner", mertk.Use("none"))
        missing.append(shared_features.Missing(recipe, clip, name, fresh=True))
    cache = folder / "cache"
    calls = {
        "each frame decoded once": partial(_prepare, [missing], cache),
        "model by model (as it was)": partial(_prepare, [[one] for one in missing], cache),
    }
    show(f"lbptop, lbpsip and elbptop of one clip of {FRAMES} JPEGs", medians(calls, REPEATS))


def _prepare(groups: Any, cache: Path) -> None:
    for group in groups:
        shared_features.prepare_clip_for_models(group, (), cache)


def _read_all(frames: Any, *, grey: bool) -> None:
    for at in range(len(frames)):
        frames.read_grey(at) if grey else frames[at]


def _in_colour(call: Any) -> None:
    with mock.patch.object(Frames, "find_grey_reader", return_value=None):
        call()


def _compare_flow(registry: Any, footage: Any) -> None:
    """What flow takes of `landmark_lfm` and `mdmo`."""
    models = {name: build_pipeline(registry, registry.recipe(name)) for name in (
        "landmark_lfm", "mdmo"
    )}  # fmt: skip
    lfm = partial(_run_prefix, models["landmark_lfm"], footage)
    onset, offset = footage.onset, footage.offset
    faces = models["mdmo"].prefix[0].apply(ClipState(footage=footage)).faces
    pictures = [faces.frames.read_grey(at) for at in range(onset, offset + 1)]
    use = next(iter(registry.recipe("landmark_lfm").extractors.values()))
    moments = registry.build("extractor", use).frames
    needed = resampling.list_resampled_frames(len(pictures), moments)[1:]
    calls = {
        "landmark_lfm": lfm,
        "landmark_lfm, flow to every frame (as it was)": partial(_to_every_frame, lfm),
        f"floor: {len(needed)} flows": partial(_flow_to, pictures, needed),
    }
    show(f"landmark_lfm of {len(pictures)} frames", medians(calls, REPEATS))
    calls = {
        "mdmo": partial(_run_prefix, models["mdmo"], footage),
        f"floor: {len(pictures) - 1} flows": partial(
            _flow_to, pictures, range(1, len(pictures))
        ),
    }  # fmt: skip
    show(f"mdmo of {len(pictures)} frames", medians(calls, REPEATS))


def _to_every_frame(call: Any) -> None:
    with mock.patch.object(resampling, "list_resampled_frames", lambda count, _n: range(count)):
        call()


def _flow_to(pictures: Any, at: Any) -> None:
    for step in at:
        optical_flow.optical_flow(pictures[0], pictures[step])


def _compare_hog3(registry: Any, footage: Any) -> None:
    """What `hog3` takes beside reading and resampling its clip."""
    pipeline = build_pipeline(registry, registry.recipe("hog3"))
    state = ClipState(footage=footage)
    for stage in pipeline.prefix:
        if stage.kind == "extractor":
            break
        state = stage.apply(state)
    extractor = registry.build("extractor", registry.recipe("hog3").extractors["features"])
    clip = extractor.expression.clip(state.faces).astype(np.float64)
    calls = {
        "hog3": partial(extractor.extract, state.faces, state.regions),
        "floor: its clip, read and resampled": partial(extractor.expression.clip, state.faces),
        "the angles alone of three planes (as it was)": partial(_angles, clip),
    }
    show("hog3", medians(calls, REPEATS))


def _angles(clip: Any) -> None:
    t, y, x = np.gradient(clip)
    for first, second in ((x, y), (x, t), (y, t)):
        np.arctan2(second, first)
        np.hypot(first, second)


if __name__ == "__main__":
    main()
