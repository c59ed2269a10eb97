"""The prefix pass: the pure stages of a recipe, one clip at a time, into the cache.

Apexes that are found in pixels are a pass of their own before it.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.clips import Faces, Frames, Regions, Warp
from mertk.core.errors import ComponentError, DataError, MertkError, StorageError
from mertk.pipeline.pipeline import PIPELINE_VERSION, ClipState, Pipeline, Stage
from mertk.storage.cache import Cache, Stored
from mertk.storage.clip_sources import describe_sources
from mertk.storage.identity import clip_identity, component_identity, hash_json
from mertk.storage.source_code.component import read_code
from mertk.vision import apex_detection

if TYPE_CHECKING:
    from mertk.core.clips import Clip, Footage
    from mertk.core.interfaces import Executor
    from mertk.core.progress import Progress
    from mertk.core.recipe import Recipe
    from mertk.experiment.task import Task
    from mertk.plugins.registry import Registry


_TIMING = ("onset", "offset", "apex", "fps")
_FEATURES = "faces/features/"
_GEOMETRY = ("landmarks", "transform", "flow")


@dataclass(frozen=True, slots=True)
class PrefixKeys:
    """Names what the prefix of a recipe computes, apart from the clip."""

    parts: tuple[Any, ...]
    aligner: Any

    @classmethod
    def of(cls, registry: Registry, recipe: Recipe, pipeline: Pipeline) -> PrefixKeys:
        """The identities of the pure stages, and what has to cross the frontier."""
        uses = recipe.places()
        parts: list[Any] = []
        for stage in pipeline.prefix:
            part = component_identity(registry, stage.kind, uses[stage.place])
            parts.append({**part, "place": stage.place})
        aligner = component_identity(registry, "aligner", recipe.aligner)
        return cls((*parts, sorted(pipeline.needs)), aligner)

    def clip(self, clip: Clip) -> str:
        """The cache key of everything that crosses the frontier for one clip."""
        return hash_json([clip_identity(clip), PIPELINE_VERSION, self.parts])

    def geometry(self, clip: Clip) -> str:
        """The cache key of the aligner's transform and landmarks for one clip."""
        return hash_json([clip_identity(clip), PIPELINE_VERSION, "geometry", self.aligner])


def run_prefix(
    pipeline: Pipeline, keys: PrefixKeys, cache: Cache, clip: Clip, *, fresh: bool = False
) -> tuple[float, float]:
    """Compute and store what crosses the frontier for one clip, if it is not there.

    Gives the seconds that passed, and those of CPU time. `fresh`: compute and store it also where
    it is there. Raises `DataError` or `ComponentError` that names the clip.
    """
    start, cpu = time.perf_counter(), time.process_time()
    key = keys.clip(clip)
    if fresh or cache.get(key) is None:
        try:
            state = _apply_prefix(pipeline.prefix, keys, cache, clip, fresh=fresh)
            arrays, about = pack_clip_state(state, pipeline.needs)
            sources = describe_sources(clip)
        except MertkError as error:
            kind = DataError if isinstance(error, DataError) else ComponentError
            raise kind(f"{clip.uid}: {error}") from error
        cache.put(key, arrays, about, sources)
    return time.perf_counter() - start, time.process_time() - cpu


def load_clip_state(pipeline: Pipeline, keys: PrefixKeys, cache: Cache, clip: Clip) -> ClipState:
    """What crosses the frontier for one clip, through the cache.

    Raises what `run_prefix` raises, and `StorageError` where the cache is cleared meanwhile.
    """
    if not pipeline.prefix:
        return ClipState(footage=clip.footage)
    run_prefix(pipeline, keys, cache, clip)
    stored = cache.get(keys.clip(clip))
    if stored is None:
        raise StorageError(f"{clip.uid}: its features went missing from the cache; begin again")
    return unpack_clip_state(stored, clip.footage)


def _apply_prefix(
    stages: Sequence[Stage], keys: PrefixKeys, cache: Cache, clip: Clip, *, fresh: bool
) -> ClipState:
    state = ClipState(footage=clip.footage)
    for stage in stages:
        if stage.kind == "aligner":
            faces = align_clip(stage, keys, cache, clip, fresh=fresh)
            state = ClipState(footage=clip.footage, faces=faces)
        else:
            state = stage.apply(state)
    return state


def align_clip(
    stage: Stage, keys: PrefixKeys, cache: Cache, clip: Clip, *, fresh: bool = False
) -> Faces:
    """The aligner's faces; where they are one warp of the clip's frames, the warp is remembered.

    `fresh`: what is remembered is not used.
    """
    key, footage = keys.geometry(clip), clip.footage
    stored = None if fresh else cache.get(key)
    if stored is not None:
        warp = Warp.from_json(stored.about["warp"])
        return footage.faces(
            footage.frames.map(warp),
            landmarks=stored.arrays.get("landmarks"),
            transform=warp.matrix,
        )
    faces = stage.apply(ClipState(footage=footage)).faces
    if not isinstance(faces, Faces):
        raise ComponentError(f"the aligner gave {type(faces).__name__}, not Faces")
    warp_used = faces.frames.warp_of(footage.frames)
    if warp_used is not None:
        arrays = {} if faces.landmarks is None else {"landmarks": faces.landmarks}
        cache.put(key, arrays, {"warp": asdict(warp_used)}, describe_sources(clip))
    return faces


def pack_clip_state(state: ClipState, needs: set[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What crosses the frontier as arrays and JSON."""
    arrays: dict[str, Any] = {f"stream/{name}": a for name, a in state.streams.items()}
    about: dict[str, Any] = {"streams": list(state.streams)}  # a file of arrays loses their order
    if "faces" in needs and state.faces is not None:
        faces = state.faces
        about["faces"] = {name: getattr(faces, name) for name in _TIMING}
        arrays["faces/frames"] = faces.frames[:]
        for name in _GEOMETRY:
            if getattr(faces, name) is not None:
                arrays[f"faces/{name}"] = getattr(faces, name)
        arrays |= {f"{_FEATURES}{name}": array for name, array in faces.features.items()}
    if "regions" in needs and state.regions is not None:
        about["regions"] = list(state.regions.names)
        arrays["regions/boxes"] = np.asarray(state.regions.boxes)
        for at, polygon in enumerate(state.regions.polygons or ()):
            arrays[f"regions/polygon{at}"] = polygon
    return arrays, about


def unpack_clip_state(stored: Stored, footage: Footage | None) -> ClipState:
    """The clip state of a cache entry; pixels stay memory-mapped."""
    arrays, about = stored.arrays, stored.about
    streams = {name: arrays[f"stream/{name}"] for name in about["streams"]}
    faces = regions = None
    if "faces" in about:
        known: dict[str, Any] = {name: arrays.get(f"faces/{name}") for name in _GEOMETRY}
        known["features"] = {
            name.removeprefix(_FEATURES): array
            for name, array in arrays.items()
            if name.startswith(_FEATURES)
        }
        faces = Faces(frames=Frames.of(arrays["faces/frames"]), **about["faces"], **known)
    if "regions" in about:
        polygons: list[Any] = []
        while (name := f"regions/polygon{len(polygons)}") in arrays:
            polygons.append(arrays[name])
        regions = Regions(
            names=tuple(about["regions"]),
            boxes=arrays["regions/boxes"],
            polygons=tuple(polygons) or None,
        )
    return ClipState(footage=footage, faces=faces, regions=regions, streams=streams)


def find_apexes(
    task: Task, cache: Path, workers: Executor, progress: Progress, *, fresh: bool = False
) -> dict[str, int]:
    """By clip id the position of its apex; raises `DataError` for a clip without frames.

    `fresh`: look for it also where it is in the cache.
    """
    progress.stage("spotting apexes", len(task.clips))
    units = [functools.partial(_spot_cached_apex, cache, clip, fresh=fresh) for clip in task.clips]
    found = {}
    for uid, at in workers.run(units):
        found[uid] = at
        progress.step(uid)
    return found


def _spot_cached_apex(cache: Path, clip: Clip, *, fresh: bool) -> tuple[str, int]:
    if not len(clip.footage.frames):
        raise DataError(f"{clip.uid} has no frames to find an apex in; give its frames")
    code = read_code(apex_detection.spot_apex)
    parts = ["apex", clip_identity(clip), PIPELINE_VERSION, code.source, code.libraries]
    key = hash_json(parts)
    stored = None if fresh else Cache(cache).get(key)
    if stored is not None:
        return clip.uid, int(stored.arrays["apex"][0])
    at = apex_detection.spot_apex(clip.footage.frames)
    Cache(cache).put(key, {"apex": np.array([at])}, sources=describe_sources(clip))
    return clip.uid, at
