"""Features of several models of a study, clip by clip, so that each frame is decoded once."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mertk.core.clips import Clip
from mertk.core.errors import ComponentError, DataError
from mertk.core.interfaces import Executor
from mertk.core.printing import count_noun
from mertk.core.recipe import Recipe
from mertk.experiment.jobs import prepare_clip
from mertk.experiment.open_study import OpenStudy
from mertk.experiment.variants import Variant
from mertk.pipeline.features import PrefixKeys
from mertk.pipeline.pipeline import build_pipeline
from mertk.storage.cache import Cache

KEPT_BYTES = 256 * 2**20
"""How much of a clip is kept while the models read it; further frames are decoded by each."""


@dataclass(frozen=True, slots=True)
class Missing:
    """The features of one clip that are not in the cache, and what computes them."""

    recipe: Recipe
    clip: Clip
    key: str
    fresh: bool


def compute_shared_features(
    study: OpenStudy, variants: Sequence[Variant], executor: Executor
) -> None:
    """Compute the features of the clips of which two of the models or more lack some.

    What they take is noted in `study.spent`, by cache key. A clip that fails is left to the pass
    of each model, which reports it.
    """
    by_clip: dict[str, dict[str, Missing]] = {}
    for variant in variants:
        for missing in _list_missing(study, variant):
            by_clip.setdefault(missing.clip.uid, {})[missing.key] = missing
    files, cache = study.plugins.files, study.execution.cache_folder
    units = []
    for found in by_clip.values():
        if len(found) > 1:
            units.append(partial(prepare_clip_for_models, list(found.values()), files, cache))
    if not units:
        return
    study.progress.stage(f"features of {count_noun(len(variants), 'model')}", len(units))
    for uid, spent in executor.run(units):
        study.spent.update(spent)
        study.renewed.update(spent)
        study.progress.step(uid)


def _list_missing(study: OpenStudy, variant: Variant) -> list[Missing]:
    """What a model lacks of each clip; features that are to be computed again count as missing."""
    pipeline = build_pipeline(study.registry, variant.recipe)
    if not pipeline.prefix:
        return []
    keys = PrefixKeys.of(study.registry, variant.recipe, pipeline)
    cache, found = Cache(study.execution.cache_folder), []
    for clip in study.task_of(variant).clips:
        key = keys.clip(clip)
        fresh = study.execution.fresh and key not in study.renewed
        if fresh or not cache.get_writing_number(key):
            found.append(Missing(variant.recipe, clip, key, fresh))
    return found


def prepare_clip_for_models(
    several: Sequence[Missing], files: tuple[str, ...], cache: Path
) -> tuple[str, dict[str, tuple[float, float]]]:
    """The id of a clip, and by cache key what each computed part of its features took."""
    spent = {}
    sources = {id(one.clip.footage.frames): one.clip.footage.frames for one in several}
    with contextlib.ExitStack() as stack:
        for frames in sources.values():
            stack.enter_context(frames.keep_pictures(KEPT_BYTES))
        for one in several:
            with contextlib.suppress(DataError, ComponentError):  # the model's own pass reports it
                spent[one.key] = prepare_clip(one.recipe, files, cache, one.clip, fresh=one.fresh)
    return several[0].clip.uid, spent
