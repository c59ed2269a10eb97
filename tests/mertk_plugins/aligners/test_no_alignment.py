"""The aligner `none`: footage as it is."""

import numpy as np

import mertk


def align(footage):
    return mertk.load_plugins().registry.build("aligner", mertk.Use("none")).align(footage)


def test_frames_and_landmarks_are_those_of_the_footage():
    pixels = np.random.default_rng(0).integers(0, 255, (3, 20, 30, 3), np.uint8)
    points = np.arange(136, dtype=np.float32).reshape(68, 2)
    faces = align(
        mertk.Footage(frames=mertk.Frames.of(pixels), onset=0, apex=1, offset=2, landmarks=points)
    )
    assert np.array_equal(faces.frames[:], pixels)
    assert np.array_equal(faces.landmarks, points)
    assert faces.transform.tolist() == [[1, 0, 0], [0, 1, 0]]
    assert (faces.onset, faces.apex, faces.offset) == (0, 1, 2)


def test_a_clip_that_has_flow_alone_passes():
    flow = np.ones((28, 28, 3), np.float32)
    nothing = mertk.Frames.of(np.empty((0, 0, 0, 3), np.uint8))
    faces = align(mertk.Footage(frames=nothing, onset=0, offset=0, flow=flow))
    assert faces.flow is flow
    assert faces.size == (28, 28)
