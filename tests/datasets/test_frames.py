import os
import pickle
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

import mertk
from mertk import DataError
from mertk.datasets.media import frames
from mertk.datasets.media.sources import probe_media


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


@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_twelve_bits_keep_their_256_levels(tmp_path, ending):
    ramp = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    file = save(tmp_path / f"deep1{ending}", ramp)
    read = frames.read_picture(file, 12)
    assert np.array_equal(read[..., 0], (ramp >> 4).astype(np.uint8))
    with pytest.raises(DataError, match=r"brightest value is 4095: .* 12 bits or more\. Say how"):
        frames.read_picture(file)
    with pytest.raises(DataError, match="4095, which has more than 10 bits"):
        frames.read_picture(file, 10)
    with pytest.raises(DataError, match="Say how many"):
        frames.check_depth(file, None)


def test_a_png_that_states_its_bits_needs_no_more(tmp_path):
    ramp = np.arange(1024, dtype=np.uint16).reshape(32, 32)
    file = save(tmp_path / "deep1.png", ramp)
    whole, head = file.read_bytes(), 8 + 25  # the signature and IHDR
    chunk = b"sBIT" + bytes([10])
    stated = struct.pack(">I", 1) + chunk + struct.pack(">I", zlib.crc32(chunk))
    file.write_bytes(whole[:head] + stated + whole[head:])
    assert np.array_equal(frames.read_picture(file)[..., 1], (ramp >> 2).astype(np.uint8))


def tiff(path, pages, bits, data, kind=1):
    """A grey TIFF of 8x4 pixels with the same raw samples in each page; kind 3: floats."""
    size, begin = 2 + 12 * 10 + 4, 8
    parts = [b"II*\0" + struct.pack("<I", begin)]
    for page in range(pages):
        at = begin + page * (size + len(data))
        entries = [(256, 8), (257, 4), (258, bits), (259, 1), (262, 1), (273, at + size),
                   (277, 1), (278, 4), (279, len(data)), (339, kind)]  # fmt: skip
        packed = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
        after = at + size + len(data) if page < pages - 1 else 0
        parts.append(struct.pack("<H", 10) + packed + struct.pack("<I", after) + data)
    path.write_bytes(b"".join(parts))
    return path


def test_packed_samples_of_twelve_bits_are_known(tmp_path):
    texts = "".join(f"{value:012b}" for value in [0, 16, 2048, 4095] * 8)
    data = int(texts, 2).to_bytes(48, "big")
    read = frames.read_picture(tiff(tmp_path / "t1.tif", 1, 12, data))
    assert read[0, :4, 0].tolist() == [0, 1, 128, 255]


def test_stacks_animations_and_floats_are_refused_by_name(tmp_path, picture):
    stack = tiff(tmp_path / "s1.tif", 3, 8, bytes(32))
    with pytest.raises(DataError, match=r"s1\.tif: a TIFF stack of 3 pictures"):
        frames.read_picture(stack)
    with pytest.raises(DataError, match="stack of 3"):
        frames.check_depth(stack, None)
    floats = tiff(tmp_path / "f1.tif", 1, 32, np.full(32, 0.5, "<f4").tobytes(), kind=3)
    with pytest.raises(DataError, match=r"f1\.tif: holds 32-bit floats, whose black"):
        frames.read_picture(floats)
    whole = save(tmp_path / "a1.png", picture).read_bytes()
    chunk = b"acTL" + struct.pack(">II", 7, 0)
    moved = struct.pack(">I", 8) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (tmp_path / "a1.png").write_bytes(whole[:33] + moved + whole[33:])
    with pytest.raises(DataError, match=r"a1\.png: an animated PNG of 7 pictures"):
        frames.read_picture(tmp_path / "a1.png")


def test_grey_is_decoded_alone_and_differs_by_rounding(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    smooth = cv2.resize(rng.integers(60, 200, (6, 5, 3), np.uint8), (150, 200))
    files = [save(tmp_path / name, smooth) for name in ("img1.jpg", "img2.png")]
    lazy = frames.of_files(files)
    for at in (0, 1):
        wanted = cv2.cvtColor(lazy[at], cv2.COLOR_RGB2GRAY).astype(int)
        assert np.abs(lazy.read_grey(at) - wanted).max() <= 2 * (at == 0)
    warped = lazy.map(mertk.core.frames.Warp((0.8, 0.1, 3, -0.1, 0.8, 20), (96, 128)))
    wanted = cv2.cvtColor(warped[0], cv2.COLOR_RGB2GRAY).astype(int)
    assert warped.read_grey(0).shape == (128, 96)
    assert np.abs(warped.read_grey(0) - wanted).max() <= 3
    inverted = lazy.map(np.invert)
    np.testing.assert_array_equal(
        inverted.read_grey(0), cv2.cvtColor(inverted[0], cv2.COLOR_RGB2GRAY)
    )
    flags, decode = [], cv2.imdecode
    monkeypatch.setattr(cv2, "imdecode", lambda data, how: flags.append(how) or decode(data, how))
    warped.read_grey(0)
    assert flags == [cv2.IMREAD_GRAYSCALE]


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


def names_of(folder, *names):
    folder.mkdir()
    for name in names:
        save(folder / name, np.full((4, 4, 3), 90, np.uint8))
    return {at: file.name for at, file in frames.number_pictures(folder).items()}


def test_a_copy_beside_its_original_is_left_out(tmp_path):
    made = ("Image 1 (2).JPG", "Image 2 - Copy.JPG", "Image 3 copy.JPG", "Image 3 2.JPG")
    found = names_of(tmp_path / "a", *(f"Image {at}.JPG" for at in (1, 2, 3, 4)), *made)
    assert found == {at: f"Image {at}.JPG" for at in (1, 2, 3, 4)}
    assert frames.sort_pictures(tmp_path / "a")[1] == sorted(made)
    assert probe_media(tmp_path / "a").list_notes() == [
        "Image 1 (2).JPG and 3 more are left out as a copy of another frame"
    ]


def test_a_copy_alone_is_the_frame_of_its_original(tmp_path):
    found = names_of(tmp_path / "a", "Image 1.JPG", "Image 7 (2).JPG", "Image 9 - Kopie (3).JPG")
    assert found == {1: "Image 1.JPG", 7: "Image 7 (2).JPG", 9: "Image 9 - Kopie (3).JPG"}


def test_frames_that_a_program_has_numbered_in_brackets_are_no_copies(tmp_path):
    names = [f"clip01 ({at}).jpg" for at in range(1, 6)]
    assert names_of(tmp_path / "a", *names) == dict(enumerate(names, 1))
    names = [f"cam {at}.jpg" for at in range(2, 6)]
    assert names_of(tmp_path / "b", *names) == dict(enumerate(names, 2))


def test_webp_is_read_and_an_animated_one_is_refused_by_name(tmp_path):
    file = save(tmp_path / "img1.webp", np.full((8, 8, 3), 90, np.uint8))
    assert frames.read_picture(file).mean() == pytest.approx(90, abs=3)
    pictures = [Image.fromarray(np.full((8, 8, 3), value, np.uint8)) for value in (10, 90, 200)]
    pictures[0].save(tmp_path / "moving.webp", save_all=True, append_images=pictures[1:])
    with pytest.raises(DataError, match=r"moving\.webp: an animated WebP of 3 pictures"):
        probe_media(tmp_path / "moving.webp")
