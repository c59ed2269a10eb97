"""How a video's own clock is taken."""

from __future__ import annotations

import weakref

import cv2
import numpy as np
import pytest

import mertk
from mertk.datasets.media import videos
from mertk.spotting import video_prediction
from mertk.spotting.face_tracking import track_face


class Everywhere:
    """Takes the whole picture for the face."""

    def align(self, footage):
        return footage.warped(np.eye(2, 3), (64, 48))


@pytest.fixture
def video(tmp_path):
    file = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 50, (64, 48))
    for _ in range(40):
        writer.write(np.full((48, 64, 3), 90, np.uint8))
    writer.release()
    return file


def test_what_a_file_says_of_itself_reaches_the_track(monkeypatch, video):
    facts = videos.VideoFacts(np.arange(30) / 50, header_fps=50, header_count=40)
    monkeypatch.setattr(videos, "probe_video", lambda _path: facts)
    media = video_prediction.probe_footage(video, None)
    seen = video_prediction.track_video(media, Everywhere())
    assert seen.notes == (
        "its header says 40 frames, 30 can be decoded: it may be cut off or trimmed",
    )
    assert (len(seen.frames), seen.stretches[0].last, seen.fps) == (30, 29, pytest.approx(50))


def test_memory_does_not_grow_with_the_video():
    """Frames that are alive at once, however long the video."""
    alive, most = set(), [0]

    def read(at):
        picture = np.full((48, 64, 3), 90, np.uint8)
        alive.add(at)
        weakref.finalize(picture, alive.discard, at)
        most[0] = max(most[0], len(alive))
        return picture

    (stretch,), _ = track_face(mertk.Frames(read, 400), 25.0, Everywhere())
    for at in range(400):
        stretch.faces.frames[at]
    assert 0 < most[0] < 10


@pytest.mark.parametrize(("frames", "kind"), [(15, "micro"), (16, "macro"), (1, "micro")])
def test_an_interval_of_more_than_half_a_second_is_a_macro_expression(frames, kind):
    where = video_prediction.Where(
        onset=10, apex=None, offset=9 + frames, begins=10 / 30, ends=(9 + frames) / 30
    )
    assert where.kind == kind
