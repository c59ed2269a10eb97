"""What the data set probe tells apart: copies from other faces, marks from chance."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

import mertk
from mertk.audit import clip_facts
from mertk.audit.lookalikes import SAME, compute_same_share, find_lookalikes, shrink_picture
from mertk.audit.noise_clips import noise_clips
from mertk.core.splits import leave_one_subject_out
from mertk.datasets.media import arrays, frames
from mertk.pipeline.fold import LabelledClips

REGISTRY = mertk.load_plugins().registry


@pytest.fixture(scope="module")
def faces():
    """Twelve drawn faces, and twenty photographed ones of 25x25 pixels."""
    drawn = REGISTRY.build("dataset", mertk.Use("synthetic", subjects=12, clips=1, size=128))
    clips = [
        shrink_picture(c.footage.frames[c.footage.onset].mean(axis=2)) for c in drawn.index(None)
    ]
    return [
        np.stack(clips),
        np.stack([shrink_picture(face * 255) for face in data.lfw_subset()[:20]]),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [0, 1])
def test_no_two_faces_are_one_picture_but_a_copy_is(faces, kind):
    shown = faces[kind]
    people = np.array([f"p{at}" for at in range(len(shown))])
    assert find_lookalikes(shown, people) == []
    warp = cv2.getRotationMatrix2D((32, 32), -7, 1.05)
    copy = cv2.warpAffine(shown[3], warp, (64, 64), borderMode=cv2.BORDER_REPLICATE)[:, ::-1]
    everybody = np.stack([*shown, copy * 0.8])
    last = len(shown)
    assert find_lookalikes(everybody, np.append(people, "copy")) == [(3, last)]
    assert find_lookalikes(everybody, np.append(people, "p3")) == []  # it may look like itself


def test_a_room_that_all_share_is_not_a_person(faces):
    """Three quarters of each picture are one wall, in which only the face differs."""
    wall = 128 + 60 * cv2.GaussianBlur(
        np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32), (0, 0), 1
    )
    shown = np.stack([wall] * 12)
    shown[:, 16:48, 16:48] = faces[0][:, 16:48, 16:48]
    assert compute_same_share(shown[0], shown[1]) >= SAME
    assert find_lookalikes(shown, np.array([f"p{at}" for at in range(12)])) == []


def clips_of(labels, people, **footage):
    rng = np.random.default_rng(0)
    made = {"onset": 0, "offset": 2, "apex": 1} | footage
    return [
        mertk.Clip(
            dataset="d",
            subject=str(person),
            name=str(at),
            fingerprint=str(at),
            footage=mertk.Footage(
                frames=mertk.Frames.of(rng.integers(0, 256, (3, 40, 30, 3), np.uint8)), **made
            ),
        )
        for at, person in enumerate(people)
    ]


@pytest.mark.parametrize("multilabel", [False, True])
def test_facts_tell_a_label_that_is_in_them_and_no_other(multilabel):
    people = np.repeat(np.arange(8), 6)
    labels = np.tile([0, 1, 2], 16)
    rng = np.random.default_rng(1)
    truth = np.eye(3, dtype=int)[labels] if multilabel else labels
    splits = leave_one_subject_out([str(person) for person in people])
    bits = rng.integers(0, 2, (48, 5000)).astype(np.uint8)
    blind = clip_facts.predict_from_fact("the lowest bit of a pixel", bits, truth, splits)
    assert all(np.mean(told == truth) < 0.8 for told in blind.values())
    bits[:, 4000], bits[:, 77] = labels & 1, labels >> 1
    told = clip_facts.predict_from_fact("the lowest bit of a pixel", bits, truth, splits)
    assert np.array_equal(told["tree"], truth)
    assert clip_facts.predict_from_fact("the frame size", np.full((48, 2), 30), truth, splits) == {}


def test_words_of_paths_are_facts(tmp_path):
    people, labels = np.repeat(np.arange(4), 2), np.tile([0, 1], 4)
    clips = clips_of(labels, people)
    for at, clip in enumerate(clips):
        file = tmp_path / f"{'happy' if labels[at] else 'sad'}_{at}.npy"
        np.save(file, clip.footage.frames[:])
        moved = arrays.of_array(file, 0, 3)
        object.__setattr__(clip, "footage", mertk.Footage(frames=moved, onset=0, offset=2))
    splits = leave_one_subject_out([clip.person for clip in clips])
    rows = clip_facts.collect_facts(clips, [[clip.footage.frames[0]] for clip in clips])[
        clip_facts.NAMES
    ]
    assert np.array_equal(
        clip_facts.predict_from_fact(clip_facts.NAMES, rows, labels, splits)["tree"], labels
    )


@pytest.mark.parametrize("pictures", [False, True])
def test_noise_is_stored_as_the_data_set_is_and_named_after_its_label(tmp_path, pictures):
    (clip,) = clips_of([1], ["a"])
    if pictures:
        file = tmp_path / "img1.bmp"
        cv2.imwrite(str(file), clip.footage.frames[0])
        clip = mertk.Clip(
            dataset="d", subject="a", name="0", fingerprint="",
            footage=mertk.Footage(frames=frames.of_files([file]), onset=0, offset=0),
        )  # fmt: skip
    sample = LabelledClips(["d/a/0"], np.array(["d/a"]), np.array([1]), ("calm", "very happy"))
    (noise,) = noise_clips(REGISTRY, [clip], sample, tmp_path, seed=0)
    files = clip_facts.files_of(noise.footage.frames.map(np.negative))
    assert [file.parent.name for file in files] == ["1"] * (9 if pictures else 1)
    assert all(file.name.startswith("very_happy-1-0") for file in files)
    assert {file.suffix for file in files} == {".png" if pictures else ".npy"}
    (again,) = noise_clips(REGISTRY, clips_of([1], ["a"]), sample, tmp_path, seed=0)
    assert np.array_equal(noise.footage.frames[:], again.footage.frames[:])


def test_frames_in_memory_have_no_files():
    assert clip_facts.files_of(mertk.Frames.of(np.zeros((1, 2, 2, 3), np.uint8))) == []
    assert clip_facts.files_of(mertk.Frames(Path, 1)) == []
