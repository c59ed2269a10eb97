"""What flows between the stages of a recipe.

The types are the leak boundary: `Footage` and `Faces` carry no label and no subject, `TrainingSet`
carries no test clip, and prediction receives the streams of one clip. Only the harness and the
protocol ever hold a `Clip`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from mertk.core.errors import ComponentError, DataError
from mertk.core.frames import Frames, Warp
from mertk.core.showing import Shown

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

__all__ = [
    "Clip",
    "Faces",
    "Footage",
    "Frames",
    "Regions",
    "Streams",
    "TrainingSet",
    "Warp",
    "design_matrix",
    "flatten",
]

Streams = Mapping[str, "Floats"]
"""The features of one clip: stream name → `[regions, …]` or `[regions, time, …]`.

An extractor may give pixels as uint8, for networks to scale: they stay so, in the cache too.
"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Footage(Shown):
    """What an aligner may look at: one clip's frames and timing, with no label and no subject.

    `onset`, `apex` and `offset` are positions in `frames`, 0-based and inclusive. `landmarks` are
    the 68 points `[68, 2]` (x, y in pixels) of the onset frame, if the data set knows them.
    `flow` is a precomputed onset→apex map `[height, width, 3]` (u, v, strain); a clip that has
    one may have no frames at all, and so may one with `features`: named arrays `[regions, …]` or
    `[regions, time, …]` that somebody else has computed, for the extractor `precomputed`.

    Examples:
        >>> frames = mertk.Frames.of(np.zeros((16, 48, 64, 3), np.uint8))
        >>> mertk.Footage(frames=frames, onset=2, apex=7, offset=15, fps=100.0)
        <Footage frames: 16, onset: 2, apex: 7, offset: 15, frames per second: 100>
    """

    frames: Frames
    onset: int
    offset: int
    apex: int | None = None
    fps: float = 200.0
    landmarks: Floats | None = None
    flow: Floats | None = None
    features: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        onset, apex, offset, count = self.onset, self.apex, self.offset, len(self.frames)
        if onset > offset:
            raise DataError(f"onset {onset} lies after offset {offset}")
        if onset < 0 or (count and offset >= count):
            raise DataError(f"onset {onset} … offset {offset} do not fit {count} frames (0-based)")
        if apex is not None and not onset <= apex <= offset:
            raise DataError(f"apex {apex} lies outside onset {onset} … offset {offset}")
        if not self.fps > 0:
            raise DataError(f"the frame rate is {self.fps}; it must be above 0")
        if not count and self.flow is None and not self.features:
            raise DataError(
                "a clip needs frames, a precomputed flow map or features; this one has none"
            )

    def _list_facts(self) -> dict[str, object]:
        return _list_timing(self)

    def faces(
        self,
        frames: Frames | None = None,
        *,
        landmarks: Floats | None = None,
        transform: NDArray[np.float64] | None = None,
    ) -> Faces:
        """Faces with this footage's timing; `frames` are the registered ones (default: as is)."""
        return Faces(
            frames=self.frames if frames is None else frames,
            onset=self.onset,
            offset=self.offset,
            apex=self.apex,
            fps=self.fps,
            landmarks=landmarks,
            transform=transform,
            flow=self.flow,
            features=self.features,
        )

    def warped(
        self,
        transform: NDArray[np.float64],
        size: tuple[int, int],
        *,
        landmarks: Floats | None = None,
        border: int = 0,
        window: tuple[int, int, int, int] | None = None,
    ) -> Faces:
        """Faces of `size` (width, height) by one affine `transform` `[2, 3]` for all frames.

        `landmarks` are in the footage's pixels and are moved along. Frames are warped when read;
        pixels from outside the picture get the grey value `border`, and so do those outside
        `window` (x0, y0, x1, y1 in registered pixels, x1 and y1 exclusive), if one is given.
        """
        transform = np.asarray(transform, np.float64)
        moved = None
        if landmarks is not None:
            moved = (landmarks @ transform[:, :2].T + transform[:, 2]).astype(np.float32)
        warp = Warp(tuple(transform.ravel().tolist()), size, border, window)
        return self.faces(self.frames.map(warp), landmarks=moved, transform=transform)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Faces(Shown):
    """What an aligner gives: registered frames `[time, height, width, 3]` and what is known.

    `landmarks` `[points, 2]` (x, y) are those of the onset frame in registered coordinates;
    `transform` `[2, 3]` maps footage pixels to registered ones where the registration is affine.

    Examples:
        >>> faces = mertk.load_dataset("synthetic:subjects=2")[0].footage.faces()
        >>> faces.peak, faces.size, faces.choose_frames(4)
        (7, (256, 256), [2, 7, 11, 15])
    """

    frames: Frames
    onset: int
    offset: int
    apex: int | None = None
    fps: float = 200.0
    landmarks: Floats | None = None
    transform: NDArray[np.float64] | None = None
    flow: Floats | None = None
    features: Mapping[str, Floats] = field(default_factory=dict)

    def _list_facts(self) -> dict[str, object]:
        return _list_timing(self)

    @property
    def peak(self) -> int:
        """The apex, or the middle of onset … offset where no apex is annotated.

        The middle is after the onset, unless they are one frame.
        """
        if self.apex is not None:
            return self.apex
        return max((self.onset + self.offset) // 2, min(self.onset + 1, self.offset))

    @property
    def expression(self) -> slice:
        """The positions onset … offset, to slice `frames` with."""
        return slice(self.onset, self.offset + 1)

    def choose_frames(self, most: int = 9) -> list[int]:
        """Positions to show, in order: onset, peak and offset, and between them evenly."""
        keys = sorted({self.onset, self.peak, self.offset})
        spread = np.linspace(self.onset, self.offset, most).round().astype(int)
        others = np.setdiff1d(spread, keys)
        while len(others) + len(keys) > most and len(others):  # the nearest to a key frame goes
            distances = np.abs(others[:, None] - keys).min(axis=1)
            others = np.delete(others, distances.argmin())
        return sorted([*keys, *others.tolist()])

    @property
    def size(self) -> tuple[int, int]:
        """`(width, height)` in pixels, of the frames or else of the flow; 1x1 without either."""
        if len(self.frames):
            _, height, width, _ = self.frames.shape
            return width, height
        return (1, 1) if self.flow is None else (self.flow.shape[1], self.flow.shape[0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regions:
    """Named regions of the registered face: geometry, not pixels.

    `boxes` `[regions, 4]` are x0, y0, x1, y1 in pixels, x1 and y1 exclusive. Where `polygons` are
    given (`[points, 2]` each), a box is the bounding box of its polygon.

    Examples:
        >>> boxes = np.array([[0, 0, 64, 20], [16, 32, 48, 48]])
        >>> regions = mertk.Regions(names=("eyes", "mouth"), boxes=boxes)
        >>> regions.windows()[1]
        (slice(32, 48, None), slice(16, 48, None))
    """

    names: tuple[str, ...]
    boxes: NDArray[np.int64]
    polygons: tuple[Floats, ...] | None = None

    def __post_init__(self) -> None:
        boxes = np.asarray(self.boxes)
        if boxes.shape != (len(self.names), 4):
            given = f"{len(self.names)} region names, but boxes {list(boxes.shape)}"
            raise ComponentError(f"{given}; expected [regions, 4]")
        if len(set(self.names)) != len(self.names):
            raise ComponentError(f"region names repeat: {', '.join(self.names)}")
        if (boxes[:, 2:] <= boxes[:, :2]).any() or (boxes[:, :2] < 0).any():
            raise ComponentError("a region is empty or begins outside the picture")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def outlines(self) -> list[NDArray[np.float64]]:
        """Per region the corners of its polygon or else of its box `[points, 2]` (x, y)."""
        if self.polygons is not None:
            return [np.asarray(polygon, np.float64) for polygon in self.polygons]
        boxes = np.asarray(self.boxes, np.float64)
        return list(boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]])

    def windows(self) -> list[tuple[slice, slice]]:
        """Per region its (rows, columns): `frames[:, rows, columns]` is the region's pixels."""
        return [(slice(y0, y1), slice(x0, x1)) for x0, y0, x1, y1 in self.boxes.tolist()]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Clip(Shown):
    """One annotated expression, as only the harness, the protocol and the reports see it.

    `record` is the row of the data set's index (see `mertk.datasets.record`); protocols read labels
    from it. `fingerprint` changes whenever the clip's pixels or timing may have changed. `files`
    are those that frames, flow map and landmarks are read from: `mertk cache --verify` compares
    their content with what it was when something was computed from it.

    Examples:
        >>> clip = mertk.load_dataset("synthetic:subjects=2")[0]
        >>> clip.uid, clip.person, clip.footage.apex
        ('synthetic/s01/c01', 'synthetic/s01', 7)
    """

    dataset: str
    subject: str
    name: str
    footage: Footage
    fingerprint: str
    record: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[Path] = ()

    def _list_facts(self) -> dict[str, object]:
        label = self.record.get("label")
        return {"clip": self.uid, "label": label, **_list_timing(self.footage)}

    @property
    def uid(self) -> str:
        """`dataset/subject/name`: unique over all data sets."""
        return f"{self.dataset}/{self.subject}/{self.name}"

    @property
    def person(self) -> str:
        """`dataset/subject`: two data sets' `sub01` are two people."""
        return f"{self.dataset}/{self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingSet(Generic[T]):
    """The training part of one fold: all that `fit` may see.

    `inputs[i]` is what the component's verb is handed for clip i: `Footage` for an aligner,
    `Faces` for a ROI scheme, `(Faces, Regions)` for an extractor, `Streams` for fusion and
    classifier. `labels` `[clips]` index into `classes`; a class may have no training clip. Under a
    multi-label protocol they are `[clips, classes]` of 0 and 1, and a clip may have none or many.
    `aus[i]` are the action units of clip i, None where it is not coded; empty: no clip is.

    Examples:
        >>> train = mertk.TrainingSet(
        ...     inputs=[{"features": np.zeros((1, 4), np.float32)}] * 3,
        ...     labels=np.array([0, 1, 1]), people=np.array(["a", "a", "b"]),
        ...     classes=("neg", "pos"),
        ... )
        >>> len(train), train.multilabel, train.shares.round(2).tolist()
        (3, False, [0.33, 0.67])
    """

    inputs: Sequence[T]
    labels: NDArray[np.int64]
    people: NDArray[np.str_]
    classes: tuple[str, ...]
    aus: Sequence[frozenset[int] | None] = ()

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def multilabel(self) -> bool:
        """Whether a clip may have any number of the classes at once."""
        return self.labels.ndim == 2

    @property
    def shares(self) -> NDArray[np.float64]:
        """The share of the clips that has each class `[classes]`."""
        if self.multilabel:
            return np.asarray(self.labels.mean(axis=0))
        return np.bincount(self.labels, minlength=len(self.classes)) / len(self)


def _list_timing(shown: Footage | Faces) -> dict[str, object]:
    """What `Footage` and `Faces` show."""
    given = {"landmarks": shown.landmarks, "flow map": shown.flow}
    extras = [name for name, array in given.items() if array is not None]
    return {
        "frames": len(shown.frames),
        "onset": shown.onset,
        "apex": shown.apex,
        "offset": shown.offset,
        "frames per second": f"{shown.fps:g}",
        "with": " and ".join([*extras, *map("features {}".format, shown.features)]),
    }


def flatten(streams: Streams) -> Floats:
    """All streams of one clip as one vector `[features]`, streams in the order of their names.

    Examples:
        >>> mertk.flatten({"flow": np.ones((2, 3), np.float32)}).shape
        (6,)
    """
    parts = [np.asarray(streams[name], np.float32).ravel() for name in sorted(streams)]
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def design_matrix(inputs: Sequence[Streams]) -> Floats:
    """The clips as rows `[clips, features]`; raises `ComponentError` where lengths differ.

    Examples:
        >>> mertk.design_matrix([{"flow": np.ones((2, 3), np.float32)}] * 5).shape
        (5, 6)
    """
    rows = list(map(flatten, inputs))
    lengths = sorted(set(map(len, rows)))
    if len(lengths) > 1:
        raise ComponentError(
            f"clips give vectors of {len(lengths)} lengths ({lengths[0]} … {lengths[-1]}): their "
            "time axes differ; put a fusion block such as pad_time before this classifier"
        )
    return np.stack(rows) if rows else np.empty((0, 0), np.float32)
