"""The held-out clips of runs with the largest errors, read for the report: pictures and regions.

Frames leave the machine with the page, and the licences of real data sets forbid sharing them. So
only synthetic clips are shown, and others if the user asks for them.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.clips import Clip
from mertk.core.errors import MertkError, ParameterError
from mertk.core.recipe import Recipe
from mertk.evaluation.breakdowns import rank_clips
from mertk.evaluation.outcomes import Outcome
from mertk.evaluation.results import Results
from mertk.experiment.clip_pictures import ClipPictures, find_viewing_stages, read_clip_pictures
from mertk.experiment.occlusion import compute_occlusion_maps
from mertk.experiment.refit import clips_of
from mertk.pipeline.pipeline import Stage, build_pipeline, locate_face
from mertk.plugins.loader import Plugins
from mertk.storage.identity import hash_json

CLIPS = 10  # the largest number of clips that are shown: each takes a quarter of a second

PICTURES = 24
"""The largest number of clips that are read for all views together; each view has three."""

WITHHELD = (
    "Frames are left out, because the licences of real data sets forbid sharing them. "
    "`mertk report RUN --frames` writes a page with frames for your own use"
)
UNASKED = "Frames are left out because of --no-frames; `mertk report RUN --frames` shows them"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """What models see of clips: those of equal face registration and regions share a view.

    Args:
        models: their names.
        pictures: by clip.
    """

    models: Sequence[str]
    pictures: Mapping[str, ClipPictures]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutClips:
    """What a page shows of held-out clips.

    Args:
        views: one for each face registration, regions and weights.
        regions: names of the regions, by model.
        withheld: why there are no pictures.
    """

    views: Sequence[ModelView] = ()
    regions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    withheld: str = ""


def count_clips(views: int) -> int:
    """How many clips are shown where each has this number of views."""
    return min(CLIPS, max(3, PICTURES // views))


def read_held_out_clips(
    results: Results, plugins: Plugins, *, frames: bool | None = None, occlusion: int = 0
) -> HeldOutClips:
    """Read the clips with the largest errors.

    Args:
        results: runs on one set of clips.
        plugins: what the runs were made with.
        frames: whether frames are read; default: those of synthetic clips alone.
        occlusion: for how many clips an occlusion map of each model is computed; this fits the
            folds that hold them out again.

    Raises:
        ParameterError: occlusion maps are asked for, but frames are withheld.
        StorageError: the clips have changed since the runs.
    """
    models = results.models
    if not models:
        return HeldOutClips()
    clips, withheld = _find_shown_clips(results, plugins, frames=frames)
    if occlusion and withheld:
        raise ParameterError(f"occlusion maps are drawn over frames. {withheld}")
    stages: dict[str, list[Stage]] = {}
    for one in models:
        recipe = Recipe.from_json(one.run.identity["recipe"])
        stages[one.name] = find_viewing_stages(build_pipeline(plugins.registry, recipe))
    weights = {one.name: _average_weights(one) for one in models}
    groups = _group_models(models, stages, weights)
    shown = [one.uid for one in rank_clips(models)[: count_clips(len(groups))]]
    shown = [uid for uid in shown if uid in clips]
    views = []
    for number, names in enumerate(groups if shown else ()):
        first = names[0]
        mapped = [] if number else shown[:occlusion]
        maps = compute_occlusion_maps(models, plugins, stages[first], mapped) if mapped else {}
        pictures = {}
        for uid in shown:
            pictures[uid] = read_clip_pictures(
                clips[uid].footage,
                stages[first],
                weights=weights[first].get(uid),
                maps=maps.get(uid, ()),
                filmed="" if _is_synthetic(clips[uid]) else clips[uid].dataset,
            )
        views.append(ModelView(models=names, pictures=pictures))
    regions = _find_region_names(stages, clips)
    return HeldOutClips(views=views, regions=regions, withheld=withheld)


def _find_shown_clips(
    results: Results, plugins: Plugins, *, frames: bool | None
) -> tuple[dict[str, Clip], str]:
    """The clips whose frames may be shown, by id; and why there are none, if so."""
    if frames is False:
        return {}, UNASKED
    if frames is None and not results.synthetic:
        return {}, WITHHELD
    try:
        found = clips_of(results.runs[0], plugins)
    except MertkError as error:
        return {}, f"Frames are left out: {str(error).rstrip('.')}"
    return {clip.uid: clip for clip in found if frames or _is_synthetic(clip)}, ""


def _is_synthetic(clip: Clip) -> bool:
    return bool(clip.record.get("synthetic"))


def _group_models(
    models: Sequence[Outcome],
    stages: Mapping[str, Sequence[Stage]],
    weights: Mapping[str, Mapping[str, Any]],
) -> list[list[str]]:
    """The models by what they see: equal components, and no weights of regions of their own.

    In front stands a model that weighs its regions, of those whose aligner and ROI scheme learn
    nothing; or else one of these; or else the first.
    """
    groups: dict[str, list[str]] = {}
    for one in models:
        places = Recipe.from_json(one.run.identity["recipe"]).places()
        parts = [str(places.get(stage.place)) for stage in stages[one.name]]
        own = one.name if weights[one.name] else ""
        groups.setdefault(hash_json([parts, own]), []).append(one.name)

    def is_behind(names: Sequence[str]) -> tuple[bool, bool]:
        return len(stages[names[0]]) < 2, not weights[names[0]]

    return sorted(groups.values(), key=is_behind)


def _average_weights(outcome: Outcome) -> dict[str, dict[str, NDArray[np.float64]]]:
    """What a model explained of each clip, means over seeds."""
    explained: dict[str, dict[str, list[Any]]] = {}
    for fold in outcome.folds:
        for uid, arrays in fold.explained.items():
            for name, array in arrays.items():
                explained.setdefault(uid, {}).setdefault(name, []).append(array)
    means: dict[str, dict[str, NDArray[np.float64]]] = {}
    for uid, by_name in explained.items():
        means[uid] = {name: np.mean(arrays, axis=0) for name, arrays in by_name.items()}
    return means


def _find_region_names(
    stages: Mapping[str, Sequence[Stage]], clips: Mapping[str, Clip]
) -> dict[str, Sequence[str]]:
    """The names of each model's regions, as one clip has them."""
    footage = next((clip.footage for clip in clips.values()), None)
    found: dict[str, Sequence[str]] = {}
    if footage is None or not len(footage.frames):
        return found
    for name, of_model in stages.items():
        with contextlib.suppress(MertkError):  # a clip without a face has no regions to name
            _, regions = locate_face(of_model, footage)
            if regions is not None:
                found[name] = regions.names
    return found
