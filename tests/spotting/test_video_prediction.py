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


def clocked(monkeypatch, video, times):
    monkeypatch.setattr(videos, "read_frame_times", lambda _path: np.asarray(times, float))
    return video_prediction.track_video(video, Everywhere())


def test_an_even_clock_has_its_mean_rate_though_its_times_are_rounded(monkeypatch, video):
    seen = clocked(monkeypatch, video, np.round(np.arange(40) / 30, 3))
    assert seen.fps == pytest.approx(30, rel=1e-3)
    assert not seen.notes


def test_an_uneven_clock_is_told_and_judged_by_its_usual_step(monkeypatch, video):
    steps = [0.04] * 30 + [0.1] * 9
    seen = clocked(monkeypatch, video, np.concatenate([[0], np.cumsum(steps)]))
    assert seen.fps == pytest.approx(25)
    (note,) = seen.notes
    assert "frame rate varies (10.0 to 25.0 Hz)" in note


def test_what_cannot_be_decoded_is_told(monkeypatch, video):
    seen = clocked(monkeypatch, video, np.arange(30) / 50)
    assert seen.notes == (
        "its header says 40 frames, 30 can be decoded: it may be cut off",
    )  # fmt: skip
    assert (len(seen.frames), seen.stretches[0].last) == (30, 29)


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
