"""The held-out clips of runs, to look into: the worst mistakes first, as many as a page can carry.

Frames leave the machine with the page, and the licences of the real sets forbid to pass pictures
on. So they are shown of clips that are made, not filmed, and of others only where a user insists.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import MertkError, ParameterError
from mertk.core.recipe import Recipe
from mertk.experiment.refit import clips_of
from mertk.pipeline.pipeline import build_pipeline
from mertk.report.clip_explorer import drawing, occluded, view
from mertk.report.clip_explorer.view import Answer, View

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from mertk.core.clips import Clip
    from mertk.evaluation.outcomes import Outcome
    from mertk.evaluation.results import Results
    from mertk.pipeline.pipeline import Stage
    from mertk.plugins.loader import Plugins
    from mertk.report.clip_explorer.occlusion import Occlusion

VIEWS = 10
"""The largest number of clips in the explorer: each takes a quarter of a second."""

BUDGET = 3_500_000
"""How many bytes the pictures of a page may take; all of it stays below 5 MB."""

WITHHELD = (
    "Frames are left out, because the licences of real data sets forbid sharing them. "
    "`mertk report RUN --frames` writes a page with frames for your own use"
)
UNASKED = "Frames are left out because of --no-frames; `mertk report RUN --frames` shows them"
WARNING = (
    "This page contains frames of {sets}. Licences of real data sets usually forbid sharing "
    "pictures: do not share this page, or write it again with --no-frames."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Views of held-out clips, a sentence that says which, and each model's region names."""

    text: str
    views: Sequence[View]
    warning: str = ""
    regions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A held-out clip: its id, its class (or classes), and each model's answer."""

    uid: str
    truth: str
    answers: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Looker:
    """The model whose face registration is shown, and its region weights by clip."""

    name: str
    steps: Sequence[Stage]
    weights: Mapping[str, Mapping[str, Any]]


def make_gallery(
    results: Results, plugins: Plugins, *, frames: bool | None = None, occlusion: int = 0
) -> Gallery:
    """The views of held-out clips of runs; by default, `frames` of synthetic clips alone are shown.

    The first `occlusion` views get an occlusion map of each model. Raises `ParameterError` if
    their frames are withheld, and `StorageError` if the clips have changed.
    """
    models = [outcome for outcome in results.outcomes if not outcome.is_floor]
    if not models:
        return Gallery(text="No model uses pixels.", views=())
    held, looker = rank_clips(models), _choose_looker(models, plugins)
    clips, why = _find_shown_clips(results, plugins, frames=frames)
    if occlusion and why:
        raise ParameterError(f"occlusion maps are drawn over frames. {why}")
    seen = [one.uid for one in held[:occlusion] if one.uid in clips]
    maps = occluded.compute_occlusion_maps(models, plugins, looker.steps, seen) if seen else {}
    views: list[View] = []
    for found in _make_views(held, looker, clips, maps):
        if sum(one.size for one in views) + found.size > BUDGET:
            break
        views.append(found)
    shown = [clips[one.title] for one in views if one.shots]
    real = sorted({clip.dataset for clip in shown if not _is_synthetic(clip)})
    text = (
        f"{len(views)} of {len(held)} held-out clips, largest errors first. Probabilities are "
        "means over seeds."
    )
    return Gallery(
        text=f"{text} {why}." if why else text,
        views=views,
        warning=WARNING.format(sets=", ".join(real)) if real else "",
        regions=_find_region_names(models, plugins, clips),
        legend=drawing.encode_picture(drawing.draw_colour_legend()) if shown else "",
    )


def rank_clips(models: Sequence[Outcome]) -> list[Held]:
    """All held-out clips, largest errors first."""
    run = models[0].run
    columns = [f"p_{name}" for name in run.classes]
    means = [outcome.predictions.groupby("uid")[columns].mean() for outcome in models]
    uids = means[0].index
    truths = _tabulate_truths(models[0]).loc[uids].to_numpy()
    shares = np.stack([mean.loc[uids].to_numpy() for mean in means])  # [models, clips, classes]
    wrong = np.abs(shares - truths).sum(axis=(0, 2))
    return [
        Held(
            uid=uids[at],
            truth=_name_classes(truths[at], run.classes),
            answers=[
                Answer.of(
                    outcome.name,
                    dict(zip(run.classes, row.tolist(), strict=True)),
                    multilabel=run.multilabel,
                )
                for outcome, row in zip(models, shares[:, at], strict=True)
            ],
        )
        for at in (-wrong).argsort(kind="stable").tolist()
    ]


def _tabulate_truths(outcome: Outcome) -> pd.DataFrame:
    """Per clip 1 for what it is and 0 for what it is not `[clips, classes]`."""
    run, first = outcome.run, outcome.predictions.groupby("uid").first()
    if run.multilabel:
        return first[[f"t_{name}" for name in run.classes]]
    marks = np.eye(len(run.classes), dtype=int)[first["truth"].to_numpy(int)]
    return first.iloc[:, :0].assign(**{f"t_{c}": marks[:, at] for at, c in enumerate(run.classes)})


def _name_classes(truth: NDArray[np.int64], classes: Sequence[str]) -> str:
    return " + ".join(name for name, is_so in zip(classes, truth, strict=True) if is_so) or "none"


def _choose_looker(models: Sequence[Outcome], plugins: Plugins) -> Looker:
    """The first model that weighs its regions, or else the first, if its eyes learn nothing."""
    found = [
        Looker(
            one.name,
            view.find_viewing_stages(build_pipeline(plugins.registry, _restore_recipe(one))),
            _average_weights(one),
        )
        for one in models
    ]
    seeing = [one for one in found if len(one.steps) == 2]
    return next((one for one in seeing if one.weights), (seeing or found)[0])


def _restore_recipe(outcome: Outcome) -> Recipe:
    return Recipe.from_json(outcome.run.identity["recipe"])


def _average_weights(outcome: Outcome) -> dict[str, dict[str, NDArray[np.float64]]]:
    """By clip what a model let through, means over seeds."""
    said: dict[str, dict[str, list[Any]]] = {}
    for fold in outcome.folds:
        for uid, arrays in fold.explained.items():
            for name, array in arrays.items():
                said.setdefault(uid, {}).setdefault(name, []).append(array)
    return {
        uid: {name: np.mean(arrays, axis=0) for name, arrays in by.items()}
        for uid, by in said.items()
    }


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
    """Whether a clip is made, not filmed; nobody is asked about its pictures."""
    return bool(clip.record.get("synthetic"))


def _make_views(
    held: Sequence[Held],
    looker: Looker,
    clips: Mapping[str, Clip],
    maps: Mapping[str, Sequence[Occlusion]],
) -> Iterator[View]:
    for one in held[:VIEWS]:
        clip = clips.get(one.uid)
        yield view.make_view(
            one.uid,
            None if clip is None else clip.footage,
            looker.steps,
            answers=one.answers,
            truth=one.truth,
            seen_by=looker.name,
            weights=looker.weights.get(one.uid),
            maps=maps.get(one.uid, ()),
        )


def _find_region_names(
    models: Sequence[Outcome], plugins: Plugins, clips: Mapping[str, Clip]
) -> dict[str, Sequence[str]]:
    """The names of each model's regions, as one clip has them."""
    footage = next((clip.footage for clip in clips.values()), None)
    if footage is None or not len(footage.frames):
        return {}
    found: dict[str, Sequence[str]] = {}
    for one in models:
        steps = view.find_viewing_stages(build_pipeline(plugins.registry, _restore_recipe(one)))
        with contextlib.suppress(MertkError):  # a clip without a face has no regions to name
            _, regions = view.locate_face(steps, footage)
            if regions is not None:
                found[one.name] = regions.names
    return found
