"""Plots for papers and notebooks, on matplotlib's axes: scores of results, and views of a clip.

Each function draws on `ax`, or on a new figure, and gives the axes; matplotlib is imported when one
is called. Pictures of a clip show a face: mind the licence of its data set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mertk.core.clips import Clip, Faces
from mertk.core.errors import DataError, ParameterError
from mertk.core.printing import count_noun
from mertk.evaluation.score_plots import (
    make_axes,
    plot_calibration,
    plot_confusion,
    plot_forest,
    plot_subjects,
)
from mertk.experiment.clip_pictures import find_viewing_stages
from mertk.experiment.variants import choose_variant
from mertk.pipeline.pipeline import build_pipeline, locate_face
from mertk.plugins.loader import Plugins, load_plugins
from mertk.vision import flow_pictures, optical_flow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mertk.core.clips import Regions
    from mertk.core.recipe import Recipe

__all__ = [
    "plot_calibration",
    "plot_confusion",
    "plot_flow",
    "plot_forest",
    "plot_frames",
    "plot_regions",
    "plot_subjects",
]

_FACE = 3.6  # inches


def plot_flow(
    clip: Clip | Faces,
    model: str | Recipe | None = None,
    *,
    ax: Axes | None = None,
    plugins: Plugins | None = None,
) -> Axes:
    """Draw the optical flow from onset to apex on the face: hue is the direction, with arrows.

    Examples:
        >>> clip = mertk.load_dataset("synthetic:subjects=2,amplitude=6")[0]
        >>> mertk.plots.plot_flow(clip).get_title()
        'onset to apex: full colour is 3.4 px'

    Args:
        clip: a clip, or faces that an aligner gave.
        model: the model (name, recipe file or recipe) whose aligner registers the face; default:
            the frames as they are.
        ax: what to draw on; default: a new figure.
        plugins: what `load_plugins` gave; default: the installed ones.

    Raises:
        DataError: where the clip has no frames.
    """
    faces, _ = _find_face(clip, model, plugins)
    ax = _draw_face(faces, faces.onset, ax)
    flow = optical_flow.onset_apex(faces)[..., :2]
    largest = flow_pictures.find_largest_motion(flow)
    colours = flow_pictures.colour_flow(flow, largest)
    strength = np.clip(np.hypot(flow[..., 0], flow[..., 1]) / max(largest, 1e-6), 0, 1)
    ax.imshow(np.dstack([colours, np.rint(200 * strength).astype(np.uint8)]))
    starts, motions, scale = flow_pictures.sample_arrows(flow)
    if len(starts):
        ends = scale * motions
        ax.quiver(
            *starts.T, *ends.T, angles="xy", scale_units="xy", scale=1, width=0.004, color="black"
        )
    ax.set_title(f"onset to apex: full colour is {largest:.2g} px", fontsize="medium")
    return ax


def plot_regions(
    clip: Clip | Faces,
    model: str | Recipe,
    *,
    ax: Axes | None = None,
    plugins: Plugins | None = None,
) -> Axes:
    """Draw the regions that a model cuts the face into, at the apex.

    Examples:
        >>> clip = mertk.load_dataset("synthetic:subjects=2")[0]
        >>> len(mertk.plots.plot_regions(clip, "lbptop").patches)
        25

    Args:
        clip: a clip.
        model: the model (name, recipe file or recipe) whose aligner and regions are used.
        ax: what to draw on; default: a new figure.
        plugins: what `load_plugins` gave; default: the installed ones.

    Raises:
        ParameterError: where the model has no regions before it is fitted.
    """
    from matplotlib.patches import Polygon

    faces, regions = _find_face(clip, model, plugins)
    if regions is None:
        raise ParameterError(
            f"model '{model}' has no regions before it is fitted; choose one that has a `roi`"
        )
    ax = _draw_face(faces, faces.peak, ax)
    few = len(regions) <= 12
    for number, (name, outline) in enumerate(zip(regions.names, regions.outlines, strict=True)):
        colour = f"C{number % 10}" if few else "C0"
        ax.add_patch(Polygon(outline, fill=False, edgecolor=colour, lw=1.2, clip_on=False))
        if few:
            x, y = outline.mean(axis=0)
            label = ax.text(x, y, name, color=colour, fontsize="x-small", ha="center", va="center")
            label.set_bbox({"facecolor": "white", "alpha": 0.7, "lw": 0, "pad": 1})
    ax.set_title(count_noun(len(regions), "region"), fontsize="medium")
    return ax


def plot_frames(
    clip: Clip | Faces,
    model: str | Recipe | None = None,
    *,
    most: int = 7,
    ax: Axes | None = None,
    plugins: Plugins | None = None,
) -> Axes:
    """Draw frames of a clip side by side, from onset over apex to offset.

    Examples:
        >>> clip = mertk.load_dataset("synthetic:subjects=2")[0]
        >>> ticks = mertk.plots.plot_frames(clip, most=3).get_xticklabels()
        >>> [" ".join(tick.get_text().split()) for tick in ticks]
        ['onset 2', 'apex 7', 'offset 15']

    Args:
        clip: a clip, or faces that an aligner gave.
        model: the model (name, recipe file or recipe) whose aligner registers the face; default:
            the frames as they are.
        most: how many frames are drawn, at most.
        ax: what to draw on; default: a new figure.
        plugins: what `load_plugins` gave; default: the installed ones.

    Raises:
        DataError: where the clip has no frames.
    """
    faces, _ = _find_face(clip, model, plugins)
    chosen = faces.choose_frames(most)
    names = {faces.offset: "offset\n", faces.onset: "onset\n"}
    names[faces.peak] = "middle\n" if faces.apex is None else "apex\n"
    width, height = faces.size
    ax = ax or make_axes(1.3 * len(chosen), 1.3 * height / width + 0.6)
    ax.imshow(np.hstack([faces.frames[at] for at in chosen]))
    places = width * (np.arange(len(chosen)) + 0.5)
    ax.set_xticks(places, labels=[f"{names.get(at, '')}{at}" for at in chosen])
    ax.set_yticks([])
    ax.set_xlabel(f"frame, at {faces.fps:g} frames per second")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def _find_face(
    clip: Clip | Faces, model: str | Recipe | None, plugins: Plugins | None
) -> tuple[Faces, Regions | None]:
    """The face as a model sees it, and its regions; raises `DataError` without frames."""
    faces, regions = clip if isinstance(clip, Faces) else clip.footage.faces(), None
    if not len(faces.frames):
        raise DataError("this clip has no frames, only a flow map or features; nothing is drawn")
    if model is not None and isinstance(clip, Clip):
        registry = (plugins or load_plugins()).registry
        pipeline = build_pipeline(registry, choose_variant(registry, model, 1).recipe)
        faces, regions = locate_face(find_viewing_stages(pipeline), clip.footage)
    return faces, regions


def _draw_face(faces: Faces, at: int, ax: Axes | None) -> Axes:
    """A frame in grey, without ticks."""
    width, height = faces.size
    ax = ax or make_axes(_FACE, _FACE * height / width + 0.3)
    ax.imshow(faces.frames.read_grey(at), cmap="gray", vmin=0, vmax=255)
    ax.set_axis_off()
    return ax
