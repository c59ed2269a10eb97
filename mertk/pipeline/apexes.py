"""Apexes found in the pixels of every clip: a pass of its own, cached, before the prefix pass."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mertk.core.errors import DataError
from mertk.pipeline.pipeline import PIPELINE_VERSION
from mertk.storage import identity
from mertk.storage.cache import Cache
from mertk.storage.clip_sources import describe_sources
from mertk.storage.source_code.component import read_code
from mertk.vision import apex_detection

if TYPE_CHECKING:
    from mertk.core.clips import Clip
    from mertk.core.interfaces import Executor
    from mertk.core.progress import Progress
    from mertk.experiment.task import Task


def spot(
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
    parts = ["apex", identity.clip_identity(clip), PIPELINE_VERSION, code.source, code.libraries]
    key = identity.hash_json(parts)
    stored = None if fresh else Cache(cache).get(key)
    if stored is not None:
        return clip.uid, int(stored.arrays["apex"][0])
    at = apex_detection.spot_apex(clip.footage.frames)
    Cache(cache).put(key, {"apex": np.array([at])}, sources=describe_sources(clip))
    return clip.uid, at
