"""Several people followed through a video, with coloured squares for faces."""

from __future__ import annotations

import numpy as np
import pytest

import mertk
from mertk.core.errors import DataError, ParameterError
from mertk.spotting.people_tracking import (
    choose_people,
    cut_out_people,
    describe_people,
    parse_face,
    track_people,
)

SIDE, FPS = 40, 20.0
RED, BLUE = (250, 60, 60), (60, 60, 250)


class Squares:
    """Registers every coloured square of the onset frame, the right one first."""

    def align(self, footage: mertk.Footage) -> mertk.Faces:
        return self.align_all(footage)[0]

    def align_all(self, footage: mertk.Footage) -> list[mertk.Faces]:
        picture = footage.frames[footage.onset]
        found = []
        for colour in (RED, BLUE):
            rows, columns = np.nonzero((picture == colour).all(axis=2))
            if len(rows):
                shift = -np.array([columns.min(), rows.min()], float)
                transform = np.column_stack([np.eye(2), shift])
                found.append((columns.min(), footage.warped(transform, (SIDE, SIDE))))
        return [faces for _, faces in sorted(found, key=lambda one: -one[0])]


def scene(red, blue, size=(100, 240)):
    """Frames with a red and a blue square at these x; None: without. A stripe makes them uneven."""
    pictures = np.full((len(red), *size, 3), 40, np.uint8)
    for picture, places in zip(pictures, zip(red, blue, strict=True), strict=True):
        for x, colour in zip(places, (RED, BLUE), strict=True):
            if x is not None:
                picture[30 : 30 + SIDE, x : x + SIDE] = colour
                picture[50:54, x + 5 : x + 35] = 0
    return mertk.Frames.of(pictures)


def colour_of(person):
    """The colour of the middle of the first registered face."""
    pixel = person.stretches[0].faces.frames[0][5, 5]
    return "red" if pixel[0] > pixel[2] else "blue"


def test_people_are_numbered_from_left_to_right_and_stay_who_they_are():
    frames = scene([150] * 60, [20 + at // 3 for at in range(60)])
    blue, red = track_people(frames, FPS, Squares())
    assert [(one.number, colour_of(one)) for one in (blue, red)] == [(1, "blue"), (2, "red")]
    assert [(one.stretches[0].first, one.stretches[0].last) for one in (blue, red)] == [(0, 59)] * 2
    assert "2 people are tracked: 1 at x 50, 40 px wide; 2 at x 170, 40 px wide" in describe_people(
        [blue, red]
    )


def test_who_was_out_of_sight_keeps_the_number_wherever_it_comes_back():
    red = [150] * 40 + [None] * 40 + [20] * 40
    blue = [20] * 40 + [None] * 40 + [150] * 40
    one, two = track_people(scene(red, blue), FPS, Squares())
    assert [colour_of(one), colour_of(two)] == ["blue", "red"]
    for person in (one, two):
        assert len(person.stretches) == 2
        again = person.stretches[1].faces.frames[5][5, 5]
        assert ("red" if again[0] > again[2] else "blue") == colour_of(person)
    assert one.gaps[0].reason.startswith("person 1 is not found in frame")


def test_after_a_cut_to_another_camera_people_are_known_by_their_look():
    pictures = scene([150] * 30 + [20] * 30, [20] * 30 + [150] * 30)[:]
    pictures[30:][(pictures[30:] == 40).all(axis=3)] = 140
    one, two = track_people(mertk.Frames.of(pictures), FPS, Squares())
    for person, colour in ((one, BLUE), (two, RED)):
        assert [tuple(s.faces.frames[3][5, 5]) for s in person.stretches] == [colour, colour]


def test_who_comes_later_has_the_next_number_though_further_left():
    people = track_people(scene([150] * 60, [None] * 30 + [20] * 30), FPS, Squares())
    assert [(one.number, colour_of(one)) for one in people] == [(1, "red"), (2, "blue")]


def test_whose_face_is_meant():
    people = track_people(scene([150] * 40, [20] * 40), FPS, Squares())
    chosen = {word: [p.number for p in choose_people(people, word)] for word in ("left", "right")}
    assert chosen == {"left": [1], "right": [2]}
    assert [p.number for p in choose_people(people, "all")] == [1, 2]
    assert [p.number for p in choose_people(people, "2")] == [2]
    with pytest.raises(DataError, match="there is no person 3: 2 people are tracked: 1 at x 40"):
        choose_people(people, "3")
    assert [parse_face(text) for text in ("ALL", "2")] == ["all", "2"]
    for wrong in ("0", "both", "-1"):
        with pytest.raises(ParameterError, match="largest, left, right, all or the number"):
            parse_face(wrong)


def test_a_clip_is_cut_out_around_one_face_without_the_other():
    frames = scene([110] * 30, [60] * 30)
    footage = mertk.Footage(frames=frames, onset=5, apex=10, offset=24, fps=FPS)
    ((number, clip),) = cut_out_people(footage, Squares(), "right")
    assert (number, len(clip.frames), clip.onset, clip.apex, clip.offset) == (2, 20, 0, 5, 19)
    picture = clip.frames[0]
    assert (picture == RED).all(axis=2).sum() == SIDE * SIDE - 4 * 30
    assert (picture == BLUE).all(axis=2).sum() == 0


def test_an_aligner_that_finds_one_face_alone_is_refused():
    class One:
        def align(self, footage):
            return footage.faces()

    with pytest.raises(ParameterError, match="the aligner One finds one face alone"):
        track_people(scene([20] * 5, [150] * 5), FPS, One())
