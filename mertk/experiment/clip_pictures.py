"""Pictures of a clip for a page: some frames of the registered face, decoded, and its regions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mertk.core.clips import Footage, Pixels, Regions
from mertk.core.errors import MertkError
from mertk.experiment.occlusion import Occlusion
from mertk.pipeline.pipeline import Pipeline, Stage, locate_face

FRAMES = 9  # how many frames of a clip are read, at most
HEIGHT = 220  # the height of a frame in pixels; a smaller one is not enlarged


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClipPictures:
    """Decoded frames of a clip, and what a model sees in them.

    Args:
        frames: by position in the clip, in order; none where the clip cannot be shown.
        onset: position of the onset.
        peak: position of the apex, or of the middle where no apex is known.
        offset: position of the offset.
        apex: whether the peak is an annotated or estimated apex.
        fps: frames per second.
        scale: size of the frames divided by that of the registered face.
        regions: regions of the registered face, where the model has some before it is fitted.
        weights: what the model explained of the clip.
        maps: occlusion maps, of any models.
        filmed: the data set, if the clip shows a person; empty for a synthetic clip.
        note: why frames are missing.
    """

    frames: Mapping[int, Pixels] = field(default_factory=dict)
    onset: int = 0
    peak: int = 0
    offset: int = 0
    apex: bool = False
    fps: float = 1.0
    scale: float = 1.0
    regions: Regions | None = None
    weights: Mapping[str, Any] = field(default_factory=dict)
    maps: Sequence[Occlusion] = ()
    filmed: str = ""
    note: str = ""


def read_clip_pictures(
    footage: Footage,
    stages: Sequence[Stage],
    *,
    weights: Mapping[str, Any] | None = None,
    maps: Sequence[Occlusion] = (),
    filmed: str = "",
) -> ClipPictures:
    """The pictures of a clip; where it has no frames or no face is found, its note says so."""
    if not len(footage.frames):
        return ClipPictures(note="This clip has a flow map and no frames.")
    try:
        faces, regions = locate_face(stages, footage)
        frames = {at: _shrink_picture(faces.frames[at]) for at in faces.choose_frames(FRAMES)}
    except MertkError as error:
        return ClipPictures(note=f"This clip cannot be shown: {error}")
    return ClipPictures(
        frames=frames,
        onset=faces.onset,
        peak=faces.peak,
        offset=faces.offset,
        apex=faces.apex is not None,
        fps=faces.fps,
        scale=frames[faces.peak].shape[0] / faces.size[1],
        regions=regions,
        weights=weights or {},
        maps=maps,
        filmed=filmed,
    )


def find_viewing_stages(pipeline: Pipeline, *, fitted: bool = False) -> list[Stage]:
    """The aligner and the ROI scheme of a pipeline, if they learn nothing or are `fitted`."""
    found = []
    for stage in (*pipeline.prefix, *pipeline.inside):
        if stage.kind not in ("aligner", "roi") or (stage.learns and not fitted):
            break
        found.append(stage)
    return found


def _shrink_picture(picture: Pixels) -> Pixels:
    """The picture at `HEIGHT` pixels, its sides in proportion; a smaller one as it is."""
    import cv2

    if picture.shape[0] <= HEIGHT:
        return picture
    width = max(1, round(picture.shape[1] * HEIGHT / picture.shape[0]))
    return cv2.resize(picture, (width, HEIGHT), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
