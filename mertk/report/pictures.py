"""A strip of frames of one clip with its regions drawn, as the recipe's own stages give them.

Frames leave the machine with the page, so they are drawn for synthetic clips only: the licences
of the real sets forbid to pass pictures on.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.errors import MertkError
from mertk.harness.line import Parcel, Step
from mertk.recipe import Recipe, Use

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.clips import Clip, Faces, Regions
    from mertk.harness.results import Outcome, Results
    from mertk.plugins import Plugins

_COLOURS = ("#e6194b", "#3cb44b", "#ffe119", "#4363d8", "#f58231", "#911eb4", "#46f0f0", "#f032e6")
_HEIGHT = 220


@dataclass(frozen=True, slots=True)
class Strip:
    """The picture as a PNG data URI (or why there is none), and each model's region names."""

    uri: str = ""
    text: str = ""
    regions: dict[str, list[str]] = field(default_factory=dict)


def strip(results: Results, plugins: Plugins) -> Strip:
    """Draw onset, apex and offset of one clip for the first model whose ROI scheme is drawn."""
    models = [outcome for outcome in results.outcomes if not outcome.is_floor]
    if not results.synthetic:
        return Strip(text="Frames are left out: the licences of real sets forbid to pass them on.")
    if not models:
        return Strip(text="No model here looks at pixels.")
    try:
        clip = _some_clip(results, plugins)
    except MertkError as error:
        return Strip(text=f"Frames are left out: {error}")
    regions: dict[str, list[str]] = {}
    drawn: tuple[Outcome, Faces, Regions] | None = None
    for outcome in models:
        faces, places = _located(outcome, clip, plugins)
        if places is None or faces is None:
            continue
        regions[outcome.name] = list(places.names)
        drawn = drawn or (outcome, faces, places)
    if drawn is None:
        return Strip(text="The ROI schemes of these models are learnt, so there is no one picture.")
    outcome, faces, places = drawn
    text = f"{clip.uid}: onset, apex and offset with the regions of {outcome.name}"
    return Strip(uri=_png(_draw(faces, places)), text=text, regions=regions)


def _some_clip(results: Results, plugins: Plugins) -> Clip:
    use = Use.from_json(results.runs[0].identity["datasets"][0])
    folder = results.runs[0].provenance.get("folders", {}).get(use.name)
    clips = plugins.registry.build("dataset", use).index(Path(folder) if folder else None)
    known = set(results.outcomes[0].predictions["uid"])
    return next(clip for clip in clips if clip.uid in known)  # type: ignore[no-any-return]


def _located(outcome: Outcome, clip: Clip, plugins: Plugins) -> tuple[Faces | None, Regions | None]:
    recipe = Recipe.from_json(outcome.run.identity["recipe"])
    parcel = Parcel(footage=clip.footage)
    for place, use in (("aligner", recipe.aligner), ("roi", recipe.roi)):
        step = Step(place, plugins.registry.build(place, use))
        if step.learns:
            return None, None
        parcel = step.apply(parcel)
    return parcel.faces, parcel.regions


def _draw(faces: Faces, regions: Regions) -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw

    pictures = []
    for at in (faces.onset, faces.peak, faces.offset):
        picture = Image.fromarray(faces.frames[at])
        pen = ImageDraw.Draw(picture)
        for number, (x0, y0, x1, y1) in enumerate(regions.boxes.tolist()):
            colour = _COLOURS[number % len(_COLOURS)]
            pen.rectangle((x0, y0, x1 - 1, y1 - 1), outline=colour, width=2)
        width = round(picture.width * _HEIGHT / picture.height)
        pictures.append(np.asarray(picture.resize((width, _HEIGHT))))
    return np.concatenate(pictures, axis=1)


def _png(picture: NDArray[Any]) -> str:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
