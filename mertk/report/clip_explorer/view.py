"""A clip to look into: frames, motion, regions and weights, beside what models said of it.

A view is made of a clip's footage, so it serves held-out clips of runs and videos of one's own;
`explorer.html.j2` draws views, and both kinds of page import it. Nothing here asks whether the
pictures may be passed on: whoever makes a view of footage has to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import MertkError
from mertk.pipeline.pipeline import ClipState, Stage
from mertk.report.clip_explorer import drawing, overlays
from mertk.report.clip_explorer.overlays import Mark, Overlay
from mertk.vision import optical_flow

if TYPE_CHECKING:
    from mertk.core.clips import Faces, Floats, Footage, Pixels, Regions
    from mertk.pipeline.pipeline import Pipeline
    from mertk.report.clip_explorer.occlusion import Occlusion

SHOTS = 9
"""How many frames of a clip are shown, at most."""

HEIGHT = 220
"""The height of a frame that is shown, in pixels; a smaller one is not enlarged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model said of a clip: its class probabilities by name, and the classes it chose."""

    model: str
    shares: Mapping[str, float]
    said: str

    @classmethod
    def of(cls, model: str, shares: Mapping[str, float], *, multilabel: bool = False) -> Answer:
        """The likeliest class is said; multi-label, all from one half on."""
        several = [name for name, share in shares.items() if share >= 0.5]
        best = [max(shares, key=shares.__getitem__)]
        return cls(model=model, shares=shares, said=" + ".join(several if multilabel else best))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A frame of a clip, as it is and with its motion magnified, as data URIs.

    `seconds` are counted from the onset; layers belong to the `peak`.
    """

    at: int
    peak: bool
    name: str
    seconds: float
    uri: str
    magnified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A picture of the motion from onset to apex."""

    name: str
    uri: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The view of one clip; `note` says what is missing, and why.

    `width` and `height` are those of the frames that are shown, `arrows` is an SVG path in them,
    `scale` by how much its arrows are longer than the motion, and `magnified` by how much the
    motion is larger in magnified frames.
    """

    title: str
    truth: str = ""
    answers: Sequence[Answer] = ()
    note: str = ""
    seen_by: str = ""
    width: int = 0
    height: int = 0
    shots: Sequence[Shot] = ()
    layers: Sequence[Layer] = ()
    arrows: str = ""
    scale: float = 1.0
    magnified: float = 1.0
    regions: Sequence[Mark] = ()
    overlays: Sequence[Overlay] = ()

    @property
    def says(self) -> str:
        """The clip's line in a list: its name, the true class, and the predictions."""
        said = " / ".join(dict.fromkeys(answer.said or "none" for answer in self.answers))
        parts = [self.truth and f"{self.truth},", said and f"predicted: {said}"]
        return " ".join([f"{self.title}:" if any(parts) else self.title, *filter(None, parts)])

    @property
    def size(self) -> int:
        """About how many bytes the view's pictures take in a page."""
        pictures = [*(shot.uri + shot.magnified for shot in self.shots), self.arrows]
        return sum(map(len, pictures)) + sum(len(layer.uri) for layer in self.layers)


def find_viewing_stages(line: Pipeline, *, fitted: bool = False) -> list[Stage]:
    """The aligner and the ROI scheme of a line, as far as they learn nothing, or are `fitted`."""
    found = []
    for step in (*line.prefix, *line.inside):
        if step.kind not in ("aligner", "roi") or (step.learns and not fitted):
            break
        found.append(step)
    return found


def make_view(
    title: str,
    footage: Footage | None,
    steps: Sequence[Stage] = (),
    *,
    answers: Sequence[Answer] = (),
    truth: str = "",
    seen_by: str = "",
    weights: Mapping[str, Any] | None = None,
    maps: Sequence[Occlusion] = (),
) -> View:
    """Look at a clip through a model's aligner and ROI scheme, or without stages as it is.

    Args:
        title: the clip's name.
        footage: its frames; None where they are withheld.
        steps: those that register the face and say where its regions are.
        answers: what models said of the clip.
        truth: the annotated class, if there is one.
        seen_by: the model that the steps and the weights are of.
        weights: what that model let through, as it explained itself: `region_weights` `[regions]`
            and `patch_weights` `[regions, patches]` are drawn, others are not.
        maps: which parts of the face answers rest on, of any models.

    Returns:
        The view; where the clip has no frames or the face cannot be registered, its note says so.
    """
    bare = View(title=title, truth=truth, answers=tuple(answers), seen_by=seen_by)
    if footage is None:
        return bare
    if not len(footage.frames):
        return replace(bare, note="This clip has a flow map and no frames.")
    try:
        faces, regions = locate_face(steps, footage)
        return _draw_view(bare, faces, regions, weights or {}, maps)
    except MertkError as error:
        return replace(bare, note=f"This clip cannot be shown: {error}")


def locate_face(steps: Sequence[Stage], footage: Footage) -> tuple[Faces, Regions | None]:
    """The registered face, and its regions where the steps tell; the footage as it is without."""
    parcel = ClipState(footage=footage)
    for step in steps:
        parcel = step.apply(parcel)
    return footage.faces() if parcel.faces is None else parcel.faces, parcel.regions


def _draw_view(
    bare: View,
    faces: Faces,
    regions: Regions | None,
    weights: Mapping[str, Any],
    maps: Sequence[Occlusion],
) -> View:
    chosen = chosen_frames(faces)
    pictures = [drawing.shrink_picture(faces.frames[at], HEIGHT) for at in chosen]
    height, width = pictures[0].shape[:2]
    scale = height / faces.size[1]
    greys = [optical_flow.convert_to_grey(picture) for picture in pictures]
    onset = greys[chosen.index(faces.onset)]
    motions = [
        optical_flow.optical_flow(onset, grey, "dis") for grey in greys
    ]  # fast: only for the eye
    uv = optical_flow.optical_flow(onset, greys[chosen.index(faces.peak)])
    path, longer = drawing.draw_arrows(uv)
    times = drawing.choose_magnification(motions[chosen.index(faces.peak)])
    shots = [
        _make_shot(faces, at, picture, drawing.magnify_motion(picture, motion, times))
        for at, picture, motion in zip(chosen, pictures, motions, strict=True)
    ]
    return replace(
        bare,
        note=""
        if regions is not None
        else "No regions are shown: the model learns them or has none.",
        width=width,
        height=height,
        shots=tuple(shots),
        layers=tuple(_make_layers(uv)),
        arrows=path,
        scale=longer,
        magnified=times,
        regions=() if regions is None else tuple(overlays.make_region_marks(regions, scale)),
        overlays=tuple(overlays.make_overlays(regions, weights, maps, (width, height), scale)),
    )


def chosen_frames(faces: Faces, most: int = SHOTS) -> list[int]:
    """Positions of the frames to show, in order: onset, peak, offset, and between, evenly."""
    keys = sorted({faces.onset, faces.peak, faces.offset})
    spread = np.linspace(faces.onset, faces.offset, most).round().astype(int).tolist()
    others = [at for at in dict.fromkeys(spread) if at not in keys]
    while len(others) + len(keys) > most:  # the one that is nearest to a key frame goes
        others.remove(min(others, key=lambda at: min(abs(at - key) for key in keys)))
    return sorted([*keys, *others])


def _make_shot(faces: Faces, at: int, picture: Pixels, larger: Pixels) -> Shot:
    names = {faces.offset: "offset", faces.onset: "onset"}
    if faces.apex is not None:
        names[faces.apex] = "apex"
    elif faces.peak not in names:
        names[faces.peak] = "middle"
    return Shot(
        at=at,
        peak=at == faces.peak,
        name=names.get(at, ""),
        seconds=(at - faces.onset) / faces.fps,
        uri=drawing.encode_picture(picture),
        magnified=drawing.encode_picture(larger),
    )


def _make_layers(uv: Floats) -> list[Layer]:
    """The flow from onset to apex as colours, and its strain."""
    largest = drawing.find_largest_motion(uv)
    strained = optical_flow.strain(uv)
    most = float(np.percentile(strained, 99))
    return [
        Layer(
            name="flow",
            uri=drawing.encode_picture(drawing.colour_flow(uv, largest)),
            text=f"flow from onset to apex: hue is the direction, full colour is {largest:.2g} px",
        ),
        Layer(
            name="strain",
            uri=drawing.encode_picture(drawing.colour_values(strained, most)),
            text=f"strain from onset to apex: black is 0, white is {most:.2g} and above",
        ),
    ]
