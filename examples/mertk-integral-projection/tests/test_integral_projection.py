"""The checks of the interface contract of an extractor and a model, and tests of the method."""

import numpy as np
import pytest
from mertk_integral_projection import IntegralProjection

import mertk
from mertk.testing import conformance

# both components of the name, the extractor and the model
test_integral_projection = conformance("integral_projection")

WHOLE = mertk.Regions(names=("whole",), boxes=np.array([[0, 0, 40, 20]]))


def faces(change):
    """A grey onset, and the apex that differs from it by `change` `[height, width]`."""
    frames = np.full((2, 20, 40, 3), 100, np.uint8)
    frames[1] += np.asarray(change, np.uint8)[:, :, None]
    return mertk.Footage(frames=mertk.Frames.of(frames), onset=0, apex=1, offset=1).faces()


def projections(change, **params):
    found = IntegralProjection(**params).extract(faces(change), WHOLE)
    return np.split(found[0], 2)


def test_a_bright_line_shows_where_it_lies():
    change = np.zeros((20, 40))
    change[:, 30:] = 50  # on the right
    rows, columns = projections(change)
    assert np.allclose(rows, rows[0])
    assert columns[0] == 0
    assert columns[-1] == columns.max() > 0


def test_how_strong_the_change_is_does_not_count():
    change = np.zeros((20, 40))
    change[5:9, 3:12] = 1
    weak, strong = projections(10 * change), projections(100 * change)
    assert np.allclose(weak, strong)


def test_a_clip_without_change_gives_zeros():
    assert not np.any(projections(np.zeros((20, 40))))


def test_a_clip_of_a_flow_map_alone_is_refused():
    flow = np.zeros((20, 40, 3), np.float32)
    frames = mertk.Frames(lambda _: flow, 0)
    bare = mertk.Footage(frames=frames, onset=0, apex=1, offset=1, flow=flow).faces()
    with pytest.raises(mertk.DataError, match="needs frames"):
        IntegralProjection().extract(bare, WHOLE)
