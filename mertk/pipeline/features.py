"""The prefix pass: the pure steps of a recipe, one clip at a time, into the cache."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.clips import Faces, Frames, Regions, Warp
from mertk.core.errors import ComponentError, DataError, MertkError, StorageError
from mertk.pipeline.pipeline import PIPELINE_VERSION, ClipState, Pipeline, Stage
from mertk.storage.cache import Cache, Stored
from mertk.storage.clip_sources import describe_sources
from mertk.storage.identity import clip_identity, component_identity, hash_json

if TYPE_CHECKING:
    from mertk.core.clips import Clip, Footage
    from mertk.core.recipe import Recipe
    from mertk.plugins.registry import Registry


@dataclass(frozen=True, slots=True)
class PrefixKeys:
    """Names what the prefix of a recipe computes, apart from the clip."""

    parts: tuple[Any, ...]
    aligner: Any

    @classmethod
    def of(cls, registry: Registry, recipe: Recipe, line: Pipeline) -> PrefixKeys:
        """The identities of the pure steps, and what has to cross the frontier."""
        uses = recipe.places()
        parts = tuple(
            component_identity(registry, step.kind, uses[step.place]) | {"place": step.place}
            for step in line.prefix
        )
        aligner = component_identity(registry, "aligner", recipe.aligner)
        return cls((*parts, sorted(line.needs)), aligner)

    def clip(self, clip: Clip) -> str:
        """The cache key of everything that crosses the frontier for one clip."""
        return hash_json([clip_identity(clip), PIPELINE_VERSION, self.parts])

    def geometry(self, clip: Clip) -> str:
        """The cache key of the aligner's transform and landmarks for one clip."""
        return hash_json([clip_identity(clip), PIPELINE_VERSION, "geometry", self.aligner])


def run_prefix(
    line: Pipeline, keys: PrefixKeys, cache: Cache, clip: Clip, *, fresh: bool = False
) -> float:
    """Compute and store what crosses the frontier for one clip, if it is not there: seconds.

    `fresh`: compute and store it also where it is there. Raises `DataError` or `ComponentError`
    that names the clip.
    """
    start = time.perf_counter()
    key = keys.clip(clip)
    if fresh or cache.get(key) is None:
        try:
            parcel = _apply_stages(line.prefix, keys, cache, clip, fresh=fresh)
            arrays, about = pack_clip_state(parcel, line.needs)
            sources = describe_sources(clip)
        except MertkError as error:
            kind = DataError if isinstance(error, DataError) else ComponentError
            raise kind(f"{clip.uid}: {error}") from error
        cache.put(key, arrays, about, sources)
    return time.perf_counter() - start


def parcel_of(line: Pipeline, keys: PrefixKeys, cache: Cache, clip: Clip) -> ClipState:
    """What crosses the frontier for one clip, through the cache.

    Raises what `run_prefix` raises, and `StorageError` where somebody clears the cache meanwhile.
    """
    if not line.prefix:
        return ClipState(footage=clip.footage)
    run_prefix(line, keys, cache, clip)
    stored = cache.get(keys.clip(clip))
    if stored is None:
        raise StorageError(f"{clip.uid}: its features went missing from the cache; begin again")
    return unpack_clip_state(stored, clip.footage)


def _apply_stages(
    steps: Sequence[Stage], keys: PrefixKeys, cache: Cache, clip: Clip, *, fresh: bool
) -> ClipState:
    parcel = ClipState(footage=clip.footage)
    for step in steps:
        if step.kind == "aligner":
            faces = align_clip(step, keys, cache, clip, fresh=fresh)
            parcel = ClipState(footage=clip.footage, faces=faces)
        else:
            parcel = step.apply(parcel)
    return parcel


def align_clip(
    step: Stage, keys: PrefixKeys, cache: Cache, clip: Clip, *, fresh: bool = False
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
    faces = step.apply(ClipState(footage=footage)).faces
    if not isinstance(faces, Faces):
        raise ComponentError(f"the aligner gave {type(faces).__name__}, not Faces")
    warp_used = faces.frames.warp_of(footage.frames)
    if warp_used is not None:
        arrays = {} if faces.landmarks is None else {"landmarks": faces.landmarks}
        cache.put(key, arrays, {"warp": warp_used.to_json()}, describe_sources(clip))
    return faces


def pack_clip_state(parcel: ClipState, needs: set[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What crosses the frontier as arrays and JSON."""
    arrays: dict[str, Any] = {f"stream/{name}": a for name, a in parcel.streams.items()}
    about: dict[str, Any] = {}
    if "faces" in needs and parcel.faces is not None:
        faces = parcel.faces
        about["faces"] = {
            "onset": faces.onset,
            "offset": faces.offset,
            "apex": faces.apex,
            "fps": faces.fps,
        }
        arrays["faces/frames"] = faces.frames[:]
        for name in ("landmarks", "transform", "flow"):
            if getattr(faces, name) is not None:
                arrays[f"faces/{name}"] = getattr(faces, name)
    if "regions" in needs and parcel.regions is not None:
        about["regions"] = list(parcel.regions.names)
        arrays["regions/boxes"] = np.asarray(parcel.regions.boxes)
        for at, polygon in enumerate(parcel.regions.polygons or ()):
            arrays[f"regions/polygon{at}"] = polygon
    return arrays, about


def unpack_clip_state(stored: Stored, footage: Footage | None) -> ClipState:
    """The parcel of a cache entry; pixels stay memory-mapped."""
    arrays, about = stored.arrays, stored.about
    streams = {name[7:]: a for name, a in arrays.items() if name.startswith("stream/")}
    faces = _restore_faces(arrays, about["faces"]) if "faces" in about else None
    regions = _restore_regions(arrays, about["regions"]) if "regions" in about else None
    return ClipState(footage=footage, faces=faces, regions=regions, streams=streams)


def _restore_faces(arrays: Mapping[str, Any], timing: Mapping[str, Any]) -> Faces:
    pixels = arrays["faces/frames"]
    known: dict[str, Any] = {
        name: arrays.get(f"faces/{name}") for name in ("landmarks", "transform", "flow")
    }
    return Faces(frames=Frames.of(pixels), **timing, **known)


def _restore_regions(arrays: Mapping[str, Any], names: Sequence[str]) -> Regions:
    polygons = [
        arrays[f"regions/polygon{at}"]
        for at in range(len(names))
        if f"regions/polygon{at}" in arrays
    ]
    return Regions(
        names=tuple(names),
        boxes=arrays["regions/boxes"],
        polygons=tuple(polygons) if polygons else None,
    )
