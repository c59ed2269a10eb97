import pickle
import struct

import cv2
import numpy as np
import pytest

from mertk import DataError
from mertk.datasets.media import videos


def write(path, values, codec="MJPG"):
    """A video of flat RGB frames (value, 0, 0)."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 50.0, (64, 48))
    assert writer.isOpened()
    for value in values:
        writer.write(np.full((48, 64, 3), (0, 0, value), np.uint8))
    writer.release()
    return path


def values(pictures):
    return [round(float(picture[..., 0].mean()) / 10) for picture in pictures]


@pytest.fixture
def video(tmp_path):
    return write(tmp_path / "clip.avi", range(0, 240, 10))


@pytest.fixture
def opened(monkeypatch):
    """Counts how often a video file is opened, and how many frames are decoded."""
    counts = {"opened": 0, "decoded": 0}
    real = cv2.VideoCapture

    class Counting:
        def __init__(self, path):
            counts["opened"] += 1
            self._real = real(path)

        def grab(self):
            counts["decoded"] += 1
            return self._real.grab()

        def __getattr__(self, name):
            return getattr(self._real, name)

    monkeypatch.setattr(cv2, "VideoCapture", Counting)
    return counts


def test_a_video_says_how_long_and_how_fast_it_is(video):
    assert videos.probe_video(video) == videos.VideoFacts(24, 50.0)


def test_the_times_of_frames_are_counted_not_believed(video, tmp_path):
    np.testing.assert_allclose(videos.read_frame_times(video), np.arange(24) / 50)
    long, cut = write(tmp_path / "long.avi", [40] * 400), tmp_path / "cut.avi"
    cut.write_bytes(long.read_bytes()[: long.stat().st_size // 2])
    assert 0 < len(videos.read_frame_times(cut)) < videos.probe_video(cut).count


def test_a_turned_phone_video_is_turned_back(tmp_path):
    """The file says "show me turned by a quarter", as phones write it; frames come upright."""
    file = tmp_path / "phone.mp4"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"mp4v"), 25, (64, 48))
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:, :32] = 255  # the left half is white
    for _ in range(5):
        writer.write(picture)
    writer.release()
    data = file.read_bytes()
    matrix = data.index(b"tkhd") + 44  # behind version, times, track and layer (ISO 14496-12)
    turned = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 48 << 16, 0, 1 << 30)
    file.write_bytes(data[:matrix] + turned + data[matrix + len(turned) :])
    frames = videos.of_video(file, 0, 5)
    assert frames.shape == (5, 64, 48, 3)
    assert frames[0][:28].mean() > 240  # what was left is up, by a quarter turn clockwise
    assert frames[0][36:].mean() < 15


def test_an_interval_is_read_as_rgb(video):
    frames = videos.of_video(video, 5, 4)
    assert values(frames) == [5, 6, 7, 8]
    assert frames.shape == (4, 48, 64, 3)
    red, green, blue = frames[3].reshape(-1, 3).mean(axis=0)
    assert red > 70
    assert max(green, blue) < 30


def test_frame_by_frame_decodes_each_frame_once(video, opened):
    frames = videos.of_video(video, 4, 20)
    for _ in range(3):
        assert values(frames[at] for at in range(20)) == list(range(4, 24))
    assert values([frames[19], frames[0]]) == [23, 4]
    assert opened == {"opened": 1, "decoded": 24}


def test_memory_is_bounded_and_rewinding_still_right(video, opened, monkeypatch):
    monkeypatch.setattr(videos, "_KEPT_BYTES", 3 * 48 * 64 * 3)
    frames = videos.of_video(video, 0, 24)
    assert values(frames) == list(range(24))
    assert values([frames[2], frames[23]]) == [2, 23]
    assert opened["opened"] == 2


def test_changing_a_picture_does_not_change_the_next_reading(video):
    frames = videos.of_video(video, 5, 2)
    frames[0][:] = 0
    assert values([frames[0]]) == [5]


def test_a_rewritten_file_is_read_anew(video):
    assert values([videos.of_video(video, 5, 1)[0]]) == [5]
    stamp = video.stat().st_mtime_ns
    write(video, [200] * 24)
    assert video.stat().st_mtime_ns != stamp
    assert values([videos.of_video(video, 5, 1)[0]]) == [20]


def test_frames_of_a_video_travel_between_processes(video):
    assert values(pickle.loads(pickle.dumps(videos.of_video(video, 7, 1)))) == [7]  # noqa: S301


def test_a_video_that_ends_early_says_where(video):
    frames = videos.of_video(video, 20, 10)
    assert values([frames[3]]) == [23]
    with pytest.raises(DataError, match=r"clip\.avi: the video ends after 24 frames"):
        frames[4]
    assert values([frames[0]]) == [20]


@pytest.mark.parametrize("content", [b"", b"no video at all" * 100])
def test_a_file_that_is_no_video_is_named(tmp_path, content):
    (tmp_path / "x.mp4").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.mp4: cannot be opened as a video"):
        videos.probe_video(tmp_path / "x.mp4")


def test_a_truncated_video_is_named(video):
    video.write_bytes(video.read_bytes()[:3000])
    with pytest.raises(DataError, match=r"clip\.avi: "):
        videos.probe_video(video)


def test_a_missing_video_is_named(tmp_path):
    with pytest.raises(DataError, match=r"x\.avi: there is no such video"):
        videos.probe_video(tmp_path / "x.avi")
    with pytest.raises(DataError, match=r"x\.avi: cannot be read"):
        videos.of_video(tmp_path / "x.avi", 0, 1)[0]
