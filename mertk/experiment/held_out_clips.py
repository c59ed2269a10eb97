"""The held-out clips of runs with the largest errors, read for the report: pictures and regions.

Frames leave the machine with the page, and the licences of real data sets forbid sharing them. So
only synthetic clips are shown, and others if the user asks for them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import MertkError, ParameterError
from mertk.core.recipe import Recipe
from mertk.evaluation.breakdowns import rank_clips
from mertk.experiment.clip_pictures import (
    ClipPictures,
    find_viewing_stages,
    read_clip_pictures,
)
from mertk.experiment.occlusion import compute_occlusion_maps
from mertk.experiment.refit import clips_of
from mertk.pipeline.pipeline import build_pipeline, locate_face

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Clip
    from mertk.evaluation.outcomes import Outcome
    from mertk.evaluation.results import Results
    from mertk.pipeline.pipeline import Stage
    from mertk.plugins.loader import Plugins

CLIPS = 10
"""The largest number of clips that are shown: each takes a quarter of a second."""

WITHHELD = (
    "Frames are left out, because the licences of real data sets forbid sharing them. "
    "`mertk report RUN --frames` writes a page with frames for your own use"
)
UNASKED = "Frames are left out because of --no-frames; `mertk report RUN --frames` shows them"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutClips:
    """What a page shows of held-out clips.

    Args:
        pictures: by clip.
        model: the model whose face registration, regions and weights are shown.
        regions: names of the regions, by model.
        withheld: why there are no pictures.
    """

    pictures: Mapping[str, ClipPictures] = field(default_factory=dict)
    model: str = ""
    regions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    withheld: str = ""


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
    model, weights = _choose_model(models, stages)
    shown = [one.uid for one in rank_clips(models)[:CLIPS]]
    mapped = [uid for uid in shown[:occlusion] if uid in clips]
    maps = compute_occlusion_maps(models, plugins, stages[model], mapped) if mapped else {}
    pictures = {}
    for uid in shown:
        if clip := clips.get(uid):
            pictures[uid] = read_clip_pictures(
                clip.footage,
                stages[model],
                weights=weights.get(uid),
                maps=maps.get(uid, ()),
                filmed="" if _is_synthetic(clip) else clip.dataset,
            )
    regions = _find_region_names(stages, clips)
    return HeldOutClips(pictures=pictures, model=model, regions=regions, withheld=withheld)


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


def _choose_model(
    models: Sequence[Outcome], stages: Mapping[str, Sequence[Stage]]
) -> tuple[str, dict[str, dict[str, NDArray[np.float64]]]]:
    """The model whose view is shown, and its weights by clip.

    The first that weighs its regions, of those whose aligner and ROI scheme learn nothing; or else
    the first of these; or else the first.
    """
    weights = {one.name: _average_weights(one) for one in models}
    without_fit = [name for name in weights if len(stages[name]) == 2]
    weighing = [name for name in without_fit if weights[name]]
    name = (weighing or without_fit or list(weights))[0]
    return name, weights[name]


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
