import os
import pickle

import cv2
import numpy as np
import pytest

from mertk import DataError
from mertk.datasets.media import frames


def save(path, picture, *flags):
    done, coded = cv2.imencode(path.suffix, picture, list(flags))
    assert done
    path.write_bytes(coded.tobytes())
    return path


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 255, (40, 30, 3), np.uint8)


def test_frames_are_found_by_the_last_number_of_their_names(tmp_path, picture):
    for name in ("reg_img10.jpg", "reg_img9.JPG", "006_1_00011.png", "img2.bmp"):
        save(tmp_path / name, picture)
    found = frames.number_pictures(tmp_path)
    assert list(found) == [2, 9, 10, 11]
    assert found[11].name == "006_1_00011.png"


def test_other_files_are_ignored(tmp_path, picture):
    save(tmp_path / "img1.jpg", picture)
    for name in ("Thumbs.db", ".DS_Store", "._img1.jpg", "2.gif", "3.avi", "4.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert list(frames.number_pictures(tmp_path)) == [1]


def test_two_pictures_of_one_number_are_refused(tmp_path, picture):
    save(tmp_path / "frame1_rgb2.jpg", picture)
    save(tmp_path / "frame2_rgb2.jpg", picture)
    with pytest.raises(DataError, match=r"frame1_rgb2\.jpg and frame2_rgb2\.jpg are both frame 2"):
        frames.number_pictures(tmp_path)


def test_a_picture_without_a_number_is_refused(tmp_path, picture):
    file = save(tmp_path / "neutral.png", picture)
    with pytest.raises(DataError, match="needs a number") as caught:
        frames.number_pictures(tmp_path)
    assert str(file) in str(caught.value)


def test_a_folder_that_is_none_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere: cannot be read as a folder"):
        frames.number_pictures(tmp_path / "nowhere")


def test_a_picture_is_read_as_rgb(tmp_path, picture):
    read = frames.read_picture(save(tmp_path / "img1.png", picture))
    assert np.array_equal(read, picture[..., ::-1])
    assert read.dtype == np.uint8


def test_grey_and_deep_pictures_become_rgb_bytes(tmp_path, picture):
    grey = frames.read_picture(save(tmp_path / "grey1.png", picture[..., 0]))
    assert np.array_equal(grey, np.repeat(picture[..., :1], 3, axis=2))
    deep = frames.read_picture(save(tmp_path / "deep1.png", picture.astype(np.uint16) * 256))
    assert np.array_equal(deep, picture[..., ::-1])


@pytest.mark.parametrize("name", ["img1.jpg", "img1.png", "img1.bmp", "img1.tif"])
@pytest.mark.parametrize("share", [0.97, 0.5, 0.05])
def test_a_truncated_picture_is_named(tmp_path, picture, name, share):
    file = save(tmp_path / name, picture)
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    with pytest.raises(DataError, match=f"{name}: truncated or not a picture"):
        frames.read_picture(file)


def test_a_jpeg_filled_up_with_zeros_is_truncated(tmp_path, picture):
    file = save(tmp_path / "img1.jpg", picture)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) // 2))
    with pytest.raises(DataError, match="truncated"):
        frames.read_picture(file)


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_picture(tmp_path, picture, monkeypatch):
    file = save(tmp_path / "img1.jpg", picture)
    small = save(tmp_path / "thumb2.jpg", picture[:8, :8]).read_bytes()
    head = b"\xff\xe1" + (len(small) + 2).to_bytes(2, "big") + small
    whole = b"\xff\xd8" + head + file.read_bytes()[2:]
    file.write_bytes(whole)
    assert frames.read_picture(file).shape == (40, 30, 3)
    file.write_bytes(whole[:-100])
    monkeypatch.setattr(cv2, "imdecode", lambda *_: picture)
    with pytest.raises(DataError, match="truncated"):
        frames.read_picture(file)


@pytest.mark.parametrize("name", ["img1.jpg", "img1.png"])
def test_truncation_is_noticed_where_the_decoder_says_nothing(tmp_path, picture, name, monkeypatch):
    file = save(tmp_path / name, picture)
    file.write_bytes(file.read_bytes()[:-30])
    monkeypatch.setattr(cv2, "imdecode", lambda *_: picture)
    with pytest.raises(DataError, match="truncated"):
        frames.read_picture(file)


def test_bytes_after_the_end_of_a_jpeg_do_no_harm(tmp_path, picture):
    file = save(tmp_path / "img1.jpg", picture)
    file.write_bytes(file.read_bytes() + bytes(64))
    assert frames.read_picture(file).shape == (40, 30, 3)


def test_a_missing_and_an_empty_picture_are_named(tmp_path):
    with pytest.raises(DataError, match=r"img1\.jpg: cannot be read"):
        frames.read_picture(tmp_path / "img1.jpg")
    (tmp_path / "img1.jpg").touch()
    with pytest.raises(DataError, match=r"img1\.jpg: the file is empty"):
        frames.read_picture(tmp_path / "img1.jpg")


def test_frames_are_read_when_asked_for_and_travel_between_processes(tmp_path, picture):
    files = [save(tmp_path / f"img{n}.png", picture + n) for n in range(3)]
    lazy = pickle.loads(pickle.dumps(frames.of_files(files)))  # noqa: S301
    files[2].unlink()
    assert len(lazy) == 3
    assert np.array_equal(lazy[1], (picture + 1)[..., ::-1])
    with pytest.raises(DataError, match=r"img2\.png"):
        lazy[2]


def test_a_fingerprint_depends_on_names_sizes_times_and_facts(tmp_path, picture):
    file = save(tmp_path / "img1.png", picture)
    first = frames.hash_files([file], 3, None)
    assert first == frames.hash_files([file], 3, None)
    assert first != frames.hash_files([file], 4, None)
    assert first != frames.hash_files([file, file], 3, None)
    renamed = file.rename(tmp_path / "img2.png")
    assert first != frames.hash_files([renamed], 3, None)
    renamed.rename(file)
    assert first == frames.hash_files([file], 3, None)
    os.utime(file, ns=(1, 1))
    assert first != frames.hash_files([file], 3, None)


def test_a_fingerprint_of_a_missing_file_names_it(tmp_path):
    with pytest.raises(DataError, match=r"img7\.png: cannot be read"):
        frames.hash_files([tmp_path / "img7.png"])
