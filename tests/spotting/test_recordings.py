"""Long videos put together from the clips of a data set."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

import mertk
from mertk.spotting.recordings import find_recordings
from mertk.spotting.scoring import Interval


def clip(name, onset, offset, *, frames, subject="a", **record):
    footage = mertk.Footage(
        frames=frames, onset=onset, apex=onset, offset=offset, fps=30.0, landmarks=None
    )
    return mertk.Clip(
        dataset="long", subject=subject, name=name, footage=footage, fingerprint=name, record=record
    )


def whole(count):
    return mertk.Frames.of(np.zeros((count, 8, 8, 3), np.uint8))


def test_clips_of_one_video_are_one_recording_with_all_its_truths():
    frames, other = whole(90), whole(60)
    clips = [
        clip("one", 3, 12, frames=frames, video="v1", expression_type="micro"),
        clip("two", 30, 60, frames=frames, video="v1", expression_type="macro"),
        clip("three", 0, 14, frames=other, video="v2"),
        clip("four", 0, 15, frames=other, video="v2"),
        clip("one", 5, 9, frames=other, video="v1", subject="b"),
    ]
    found = find_recordings(clips, None)
    assert [(one.subject, one.video, len(one.truths)) for one in found] == [
        ("a", "v1", 2), ("a", "v2", 2), ("b", "v1", 1),
    ]  # fmt: skip
    assert found[0].truths[1] == Interval("v1", 30, 60, "macro", subject="a")
    assert [one.kind for one in found[1].truths] == ["micro", "macro"]  # 0.5 s, and a frame more
    footage = found[0].footage
    assert (footage.onset, footage.apex, footage.offset, footage.fps) == (0, None, 89, 30.0)
    assert found[0].seconds == 3.0


def test_clips_that_are_cut_out_are_no_recording():
    clips = [clip("one", 0, 9, frames=whole(10), video="v"),
             clip("two", 0, 8, frames=whole(9), video="v")]  # fmt: skip
    with pytest.raises(mertk.DataError, match="9 … 10 frames: they are cut out"):
        find_recordings(clips, None)


@pytest.fixture
def tree(tmp_path):
    """Recordings of two people: img4.jpg … without img7.jpg, and one that shows no expression."""

    def write(folder, numbers):
        (tmp_path / folder).mkdir(parents=True)
        for number in numbers:
            picture = np.full((8, 8), number, np.uint8)
            cv2.imwrite(str(tmp_path / folder / f"img{number}.png"), picture)

    write("raw/a/a_1", [n for n in range(4, 40) if n != 7])
    write("raw/a/a_2", range(1, 11))
    write("raw/b/b_1", range(1, 31))
    (tmp_path / "raw/b/notes").mkdir()
    return tmp_path


def cut(name, where, onset, offset, **more):
    found = clip(name, 0, offset - onset, frames=whole(offset - onset + 1), **more)
    record = {"frames_dir": where, "onset": onset, "offset": offset, "expression_type": "micro"}
    return replace(found, record=record)


def test_a_recording_is_a_folder_in_its_own_frame_numbers(tree):
    clips = [
        cut("one", "raw/a/a_1", 10, 14),
        cut("two", "raw/a/a_1", 20, 34),
        cut("three", "raw/b/b_1", 2, 9, subject="b"),
    ]
    found = find_recordings(clips, tree)
    assert [(one.subject, one.video, len(one.footage.frames)) for one in found] == [
        ("a", "a_1", 35), ("b", "b_1", 30), ("a", "a_2", 10),
    ]  # fmt: skip
    first, _, silent = found
    assert [(one.onset, one.offset) for one in first.truths] == [(10, 14), (20, 34)]
    assert silent.truths == ()
    assert first.footage.frames[6].max() == 11  # there is no frame 7
    assert first.interval(5, 8) == Interval("a_1", 10, 13, "micro", subject="a")
    assert first.interval(0, 20).kind == "macro"


def test_folders_of_single_expressions_are_refused_with_what_to_do(tree):
    with pytest.raises(mertk.DataError, match="holds the expression long/a/two alone.*tree=raw"):
        find_recordings([cut("two", "raw/a/a_2", 1, 10)], tree)


def test_two_people_beside_each_other_do_not_lend_their_names(tree):
    clips = [cut("one", "raw/a/a_1", 10, 14), cut("three", "raw/b/b_1", 2, 9, subject="b")]
    moved = [replace(one, record={**one.record, "frames_dir": f"all/{at}"})
             for at, one in enumerate(clips)]  # fmt: skip
    (tree / "all").mkdir()
    (tree / "raw/a/a_1").rename(tree / "all/0")
    (tree / "raw/b/b_1").rename(tree / "all/1")
    (tree / "raw/a/a_2").rename(tree / "all/2")
    assert find_recordings(moved, tree)[-1].subject == "2"
