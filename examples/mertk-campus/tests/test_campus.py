"""The checks of the interface contract of a data set, for `campus`, on a small one."""

import numpy as np
import pytest
from mertk_campus import Campus
from tiny import LEAD, film, write

import mertk
from mertk.testing import conformance

test_campus = conformance("campus", data=write)


@pytest.fixture
def folder(tmp_path):
    write(tmp_path)
    return tmp_path


def changed(folder, old, new):
    """The folder, with something else in its table."""
    file = folder / "annotations.csv"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    return folder


def test_the_first_frame_of_a_clip_is_its_onset(folder):
    clip = next(c for c in Campus().index(folder) if c.uid == "campus/P01/interview_3")
    pictures = film(-40, seed=3)
    assert (clip.footage.frames[0] == pictures[LEAD][..., ::-1]).all()  # OpenCV writes BGR
    assert (clip.footage.frames[clip.footage.apex] == pictures[LEAD + 5][..., ::-1]).all()
    assert len(clip.footage.frames) == clip.footage.offset + 1 == len(pictures) - LEAD


def test_a_video_is_cut_like_a_folder_of_frames(folder):
    clip = next(c for c in Campus().index(folder) if c.uid == "campus/P01/interview_1")
    brightness = film(-40, seed=1).mean(axis=(1, 2, 3))
    found = [np.abs(brightness - frame.mean()).argmin() for frame in clip.footage.frames]
    assert found[1:] == list(range(LEAD + 1, len(brightness)))  # what moves
    assert clip.footage.fps == 50


def test_records_have_the_fields_own_words(folder):
    one, *_, last = Campus(fps=200).index(folder)
    assert (one.record["label"], one.record["emotion_raw"]) == ("disgust", "disgust")
    assert (last.record["label"], last.record["emotion_raw"]) == ("happiness", "Happy")
    assert (last.record["apex"], last.record["apex_status"], last.footage.fps) == (
        None,
        "missing",
        200,
    )


def test_what_the_timing_depends_on_is_in_the_fingerprint(folder):
    before = Campus().index(folder)[0].fingerprint
    after = Campus().index(changed(folder, f"{LEAD + 1},", f"{LEAD + 2},"))[0].fingerprint
    assert before != after


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("emotion", "feeling", "no column 'emotion'"),
        (f"disgust,{LEAD + 1}", "disgust,0", "row 2, column 'onset': '0' is not a frame number"),
        (",12", ",99", "row 2: .*has 12 frames, and the offset is 99"),
        ("interview_3", "interview_9", "row 4: there is neither .*interview_9.avi nor a folder"),
        (f"disgust,{LEAD + 1},{LEAD + 6}", f"disgust,{LEAD + 1},2", "row 2: "),
        ("P01,", ",", "row 2, column 'participant': the cell is empty"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(folder, old, new, text):
    with pytest.raises(mertk.DataError, match=text):
        Campus().index(changed(folder, old, new))


def test_without_a_folder_it_says_how_to_give_one():
    with pytest.raises(mertk.DataError, match="--data FOLDER"):
        Campus().index(None)
