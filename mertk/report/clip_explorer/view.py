"""The view of a clip: frames, motion, regions and weights, beside what models predict of it.

A view is made of pictures that were read before, of held-out clips of runs or of a user's videos;
`explorer.html.j2` draws views. Nothing here checks whether the pictures may be shared: that is up
to the code that reads them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mertk.core.clips import Floats, Pixels
from mertk.evaluation.breakdowns import ClipPrediction
from mertk.experiment.clip_pictures import ClipPictures
from mertk.report.clip_explorer import drawing, overlays
from mertk.report.clip_explorer.overlays import Mark, Overlay
from mertk.vision import flow_pictures, optical_flow


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
    predictions: Sequence[ClipPrediction] = ()
    note: str = ""
    seen_by: str = ""
    group: int = 0
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
    def label(self) -> str:
        """The clip's line in a list: its name, the true class, and the predictions."""
        predicted = " / ".join(dict.fromkeys(one.predicted or "none" for one in self.predictions))
        parts = [self.truth and f"{self.truth},", predicted and f"predicted: {predicted}"]
        return " ".join([f"{self.title}:" if any(parts) else self.title, *filter(None, parts)])

    @property
    def size(self) -> int:
        """About how many bytes the view's pictures take in a page."""
        size = len(self.arrows)
        for shot in self.shots:
            size += len(shot.uri) + len(shot.magnified)
        for layer in self.layers:
            size += len(layer.uri)
        return size


def make_view(
    title: str,
    pictures: ClipPictures | None,
    *,
    predictions: Sequence[ClipPrediction] = (),
    truth: str = "",
    seen_by: str = "",
    group: int = 0,
) -> View:
    """Draw what is known of a clip.

    Args:
        title: the clip's name.
        pictures: its frames; None where they are withheld.
        predictions: what models predict of the clip.
        truth: the annotated class, if there is one.
        seen_by: the models whose face registration and weights the pictures show.
        group: the number of the view, where there are several of a clip.

    Returns:
        The view; `region_weights` `[regions]` and `patch_weights` `[regions, patches]` of the
        pictures are drawn, other weights are not.
    """
    view = View(title=title, truth=truth, predictions=tuple(predictions))
    view = replace(view, seen_by=seen_by, group=group)
    if pictures is None or not pictures.frames:
        return replace(view, note=pictures.note if pictures else "")
    height, width = pictures.frames[pictures.peak].shape[:2]
    greys = {at: optical_flow.convert_to_grey(one) for at, one in pictures.frames.items()}
    onset = greys[pictures.onset]
    # dis is fast: these flows only move pixels of a picture
    motions = {at: optical_flow.optical_flow(onset, grey, "dis") for at, grey in greys.items()}
    uv = optical_flow.optical_flow(onset, greys[pictures.peak])
    arrows, scale = drawing.draw_arrows(uv)
    times = drawing.choose_magnification(motions[pictures.peak])
    shots = []
    for at, picture in pictures.frames.items():
        larger = drawing.magnify_motion(picture, motions[at], times)
        shots.append(_make_shot(pictures, at, picture, larger))
    marks = overlays.make_region_marks(pictures.regions, pictures.scale)
    return replace(
        view,
        note="" if marks else "No regions are shown: the model learns them or has none.",
        width=width,
        height=height,
        shots=tuple(shots),
        layers=tuple(_make_layers(uv)),
        arrows=arrows,
        scale=scale,
        magnified=times,
        regions=tuple(marks),
        overlays=tuple(overlays.make_overlays(pictures, marks, (width, height))),
    )


def _make_shot(pictures: ClipPictures, at: int, picture: Pixels, larger: Pixels) -> Shot:
    names = {pictures.offset: "offset", pictures.onset: "onset"}
    if pictures.apex:
        names[pictures.peak] = "apex"
    elif pictures.peak not in names:
        names[pictures.peak] = "middle"
    return Shot(
        at=at,
        peak=at == pictures.peak,
        name=names.get(at, ""),
        seconds=(at - pictures.onset) / pictures.fps,
        uri=drawing.encode_picture(picture),
        magnified=drawing.encode_picture(larger),
    )


def _make_layers(uv: Floats) -> list[Layer]:
    """The flow from onset to apex as colours, and its strain."""
    largest = flow_pictures.find_largest_motion(uv)
    strained = optical_flow.strain(uv)
    most = float(np.percentile(strained, 99))
    return [
        Layer(
            name="flow",
            uri=drawing.encode_picture(flow_pictures.colour_flow(uv, largest)),
            text=f"flow from onset to apex: hue is the direction, full colour is {largest:.2g} px",
        ),
        Layer(
            name="strain",
            uri=drawing.encode_picture(drawing.colour_values(strained, most)),
            text=f"strain from onset to apex: black is 0, white is {most:.2g} and above",
        ),
    ]
