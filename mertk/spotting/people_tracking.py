"""Track several people through a video, so that person N stays person N.

Faces are detected as for one person (`mertk.spotting.face_tracking`). Those of the next moment are
assigned to the people that are known by their position; after a cut, and after a person was out of
sight, by the look of the registered face as well. People are numbered by their first appearance,
from left to right.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mertk.core.clips import Faces, Footage, Frames, Pixels
from mertk.core.errors import DataError, ParameterError, name_component
from mertk.core.interfaces import Aligner, AlignsAll
from mertk.core.printing import count_noun
from mertk.spotting.face_tracking import (
    Detection,
    Gap,
    Stretch,
    detect_along_video,
    join_detections,
    locate_face,
    shrink_picture,
)

WORDS = ("largest", "left", "right", "all")
"""What a face may be chosen by, besides the number of a person."""

_NEAR = 1.0  # of the registered picture's side: within half a second, it is the same person
_ALIKE = 0.75  # least correlation of two pictures of one person's face
_RECENT = 1.0  # s: for longer out of sight, the look counts as well
_LOOK = 24  # px
_SHARE = 0.5  # of the longest time in sight: who is seen for less is not meant by largest, left …
_MARGIN = 0.5  # of the registered picture's side: hair and chin, for the model's own face finder


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Person:
    """One person in a video: where the face is tracked, where it is not, and why.

    `side` is the usual side of the face in pixels, `x` the usual position of its centre.
    """

    number: int
    stretches: tuple[Stretch, ...]
    gaps: tuple[Gap, ...]
    side: float
    x: float

    @property
    def count(self) -> int:
        """The number of frames in which the face is tracked."""
        return sum(len(stretch.corners) for stretch in self.stretches)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A face in one frame; `look` is its registered picture, small and normalised."""

    place: Detection
    look: NDArray[np.float64]

    @property
    def corners(self) -> NDArray[np.float64]:
        if self.place.corners is None:
            raise ValueError("this face has no place")
        return self.place.corners

    @property
    def side(self) -> float:
        return float(np.linalg.norm(self.corners[1] - self.corners[0]))

    @property
    def centre(self) -> NDArray[np.float64]:
        return np.asarray((self.corners[1] + self.corners[2]) / 2)


@dataclass(slots=True, eq=False)
class _Track:
    """All that was seen of one person, in order."""

    seen: list[_Seen] = field(default_factory=list)

    def compare(self, face: _Seen, fps: float, cuts: set[int]) -> float | None:
        """The distance between a face and this person; None where it cannot be the same."""
        last = self.seen[-1]
        cut = any(last.place.at < at <= face.place.at for at in cuts)
        recent = face.place.at - last.place.at <= _RECENT * fps
        distance = float(np.linalg.norm(face.centre - last.centre)) / last.side
        alike = float((face.look * last.look).mean())
        if cut:
            return 1 - alike if alike >= _ALIKE else None
        if distance >= _NEAR and (alike < _ALIKE or recent):
            return None
        return distance if recent else 1 - alike + min(distance, 2) / 10


def parse_face(text: str) -> str:
    """Check the choice of a face: a word of `WORDS` or the number of a person, from 1."""
    word = text.strip().lower()
    if word in WORDS or (word.isdecimal() and int(word) > 0):
        return word
    raise ParameterError(
        f"--face {text}: give {', '.join(WORDS)} or the number of a person, from 1"
    )


def track_people(
    frames: Frames, fps: float, aligner: Aligner, step: Callable[[], None] = lambda: None
) -> list[Person]:
    """Track every face through `frames`; `step` is called once a frame.

    Raises `ParameterError` for an aligner that finds one face alone.
    """
    if not isinstance(aligner, AlignsAll):
        raise ParameterError(
            f"the aligner {type(aligner).__name__} finds one face alone; --face needs one with "
            "align_all, such as eye_similarity"
        )
    detect = functools.partial(_detect_faces, frames, frames.map(shrink_picture), aligner=aligner)
    detections, cuts = detect_along_video(frames, fps, detect, step)
    tracks: list[_Track] = []
    for faces in detections.values():
        _assign_faces(tracks, faces, fps, cuts)
    people: list[Person] = []
    for track in tracks:
        by_frame = {one.place.at: one.place for one in track.seen}
        number = len(people) + 1
        reason = f"person {number} is not found in frame"
        places = [by_frame.get(at, Detection(at, reason=f"{reason} {at}")) for at in detections]
        stretches, gaps = join_detections(frames, fps, places, cuts)
        if stretches:
            people.append(
                Person(
                    number=number,
                    stretches=tuple(stretches),
                    gaps=tuple(gaps),
                    side=float(np.median([one.side for one in track.seen])),
                    x=float(np.median([one.centre[0] for one in track.seen])),
                )
            )
    return people


def _detect_faces(frames: Frames, small: Frames, at: int, aligner: AlignsAll) -> list[_Seen]:
    try:
        with name_component(f"aligner {type(aligner).__name__}"):
            found = aligner.align_all(Footage(frames=small, onset=at, offset=at))
    except DataError:  # a face whose landmarks give no crop
        return []
    scale = frames.shape[2] / small.shape[2]
    return [_Seen(locate_face(aligner, one, at, scale), _describe_look(one, at)) for one in found]


def _describe_look(faces: Faces, at: int) -> NDArray[np.float64]:
    import cv2

    small = cv2.resize(faces.frames[at], (_LOOK, _LOOK), interpolation=cv2.INTER_AREA)
    look = small.astype(np.float64) - small.mean()
    return np.asarray(look / max(1e-6, float(look.std())))


def _assign_faces(tracks: list[_Track], faces: Sequence[_Seen], fps: float, cuts: set[int]) -> None:
    """Give each face to the person that it fits best, or to a new one."""
    from scipy.optimize import linear_sum_assignment

    never = 1e6
    costs = np.full((len(tracks), len(faces)), never)
    for row, track in enumerate(tracks):
        for column, face in enumerate(faces):
            cost = track.compare(face, fps, cuts)
            costs[row, column] = never if cost is None else cost
    left = set(range(len(faces)))
    for row, column in zip(*linear_sum_assignment(costs), strict=True):
        if costs[row, column] < never:
            tracks[row].seen.append(faces[column])
            left.discard(int(column))
    new = sorted((faces[column] for column in left), key=lambda face: float(face.centre[0]))
    tracks += [_Track([face]) for face in new]


def choose_people(people: Sequence[Person], face: str) -> list[Person]:
    """The people that are meant by a word of `WORDS` or a number; raises `DataError` for none."""
    if not people:
        raise DataError("no face to track: no face found")
    if face == "all":
        return list(people)
    if face.isdecimal():
        for person in people:
            if person.number == int(face):
                return [person]
        raise DataError(f"there is no person {face}: {describe_people(people)}")
    most = max(person.count for person in people)
    seen = [person for person in people if person.count >= _SHARE * most]
    if face == "largest":
        return [max(seen, key=lambda person: person.side)]
    return [min(seen, key=lambda person: person.x if face == "left" else -person.x)]


def describe_people(people: Sequence[Person]) -> str:
    """How many people are tracked, and which number each of them has."""
    where = []
    for person in people:
        where.append(f"{person.number} at x {person.x:.0f}, {person.side:.0f} px wide")
    return f"{count_noun(len(people), 'person is', 'people are')} tracked: " + ("; ".join(where))


def locate_cut(
    stretch: Stretch, others: Sequence[Stretch], first: int, last: int, size: tuple[int, int]
) -> tuple[slice, slice]:
    """Rows and columns around a face in frames `first` … `last` of a video, without other faces.

    There is a margin around the face, which ends half-way to the face of another person.

    Args:
        stretch: the face.
        others: the faces of other people.
        first: the first frame of the video, which belongs to the stretch.
        last: the last frame, which belongs to it too.
        size: height and width of the video.
    """
    within = stretch.corners[first - stretch.first : last + 1 - stretch.first]
    corners = np.concatenate([within, within[:, 1:2] + within[:, 2:3] - within[:, 0:1]], axis=1)
    margin = _MARGIN * float(np.linalg.norm(within[0, 1] - within[0, 0]))
    low, high = corners.min(axis=(0, 1)) - margin, corners.max(axis=(0, 1)) + margin + 1
    centre = corners.mean(axis=(0, 1))
    for other in others:
        beside = other.corners[max(0, first - other.first) : max(0, last + 1 - other.first)]
        if not len(beside):
            continue
        way = (beside[:, 1:].mean(axis=(0, 1)) - centre) / 2
        axis = int(np.abs(way).argmax())
        if way[axis] > 0:
            high[axis] = min(high[axis], centre[axis] + way[axis])
        else:
            low[axis] = max(low[axis], centre[axis] + way[axis])
    x0, y0 = np.maximum(low, 0).astype(int)
    x1, y1 = np.minimum(high, size[::-1]).astype(int)
    return slice(y0, y1), slice(x0, x1)


@dataclass(frozen=True, slots=True, eq=False)
class _Cropped:
    """Reads a part of a frame of the video."""

    frames: Frames
    first: int
    rows: slice
    columns: slice

    def __call__(self, at: int) -> Pixels:
        return self.frames[self.first + at][self.rows, self.columns]


def cut_out_people(footage: Footage, aligner: Aligner, face: str) -> list[tuple[int, Footage]]:
    """The numbers of the people that are meant, and the clip cut out around the face of each.

    Raises `DataError` where a person is not seen from onset to offset.
    """
    first, last = footage.onset, footage.offset
    frames = Frames(_Cropped(footage.frames, first, slice(None), slice(None)), last - first + 1)
    people = track_people(frames, footage.fps, aligner)
    found = []
    for person in choose_people(people, face):
        whole = [one for one in person.stretches if (one.first, one.last) == (0, last - first)]
        if not whole:
            raise DataError(
                f"person {person.number} is not seen in all frames from {first} to {last}: "
                f"{person.gaps[0].reason if person.gaps else 'there is a cut'}"
            )
        others = [s for other in people if other is not person for s in other.stretches]
        rows, columns = locate_cut(whole[0], others, 0, last - first, frames.shape[1:3])
        apex = None if footage.apex is None else footage.apex - first
        cut = Frames(_Cropped(frames, 0, rows, columns), len(frames))
        clip = Footage(frames=cut, onset=0, apex=apex, offset=last - first, fps=footage.fps)
        found.append((person.number, clip))
    return found
