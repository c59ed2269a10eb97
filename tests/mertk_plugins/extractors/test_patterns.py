"""Counts of binary patterns: the loop that numba compiles against the code that runs without it."""

from __future__ import annotations

import numpy as np
import pytest

from mertk.storage.source_code.component import read_code
from mertk.vision import compiled
from mertk_plugins.extractors import _patterns
from mertk_plugins.extractors.elbptop import ELBPTOP
from mertk_plugins.extractors.lbpsip import LBPSIP
from mertk_plugins.extractors.lbptop import LBPTOP

SHAPES = {"small": (9, 12, 11), "one centre": (7, 5, 7), "sliced": (9, 14, 23)}
BLOCKS = [(slice(0, 7), slice(0, 5)), (slice(3, 12), slice(2, 11)), (slice(0, 1), slice(0, 1))]


@pytest.mark.parametrize("kind", ["raw", "uniform"])
@pytest.mark.parametrize("shape", SHAPES)
def test_loop_counts_what_numpy_counts(shape, kind, monkeypatch):
    radii = (3, 2, 3)
    clip = np.random.default_rng(1).integers(0, 4, SHAPES[shape]).astype(np.uint8)
    if shape == "sliced":
        clip = clip[:, 1:13, ::2]  # not in one piece in memory
    table = _patterns.make_code_table(8, kind)
    planes = _patterns.list_neighbours(8, radii)
    rings = [(planes[0], None), (planes[1], [*planes[1][1:], planes[1][0]]), (planes[2], None)]
    monkeypatch.setattr(_patterns, "compile_loop", lambda loop: loop)
    with np.errstate(over="ignore"):
        found = _patterns.count_patterns(clip, rings, BLOCKS, radii, table)
    monkeypatch.setattr(_patterns, "compile_loop", lambda _loop: None)
    expected = _patterns.count_patterns(clip, rings, BLOCKS, radii, table)
    assert expected.sum() > 0
    np.testing.assert_array_equal(found, expected)


def test_compiled_loop_counts_what_numpy_counts(monkeypatch):
    pytest.importorskip("numba")
    clip = np.random.default_rng(2).integers(0, 256, (10, 40, 30), np.uint8)
    table = _patterns.make_code_table(4, "raw")
    rings = [(ring, None) for ring in _patterns.list_neighbours(4, (4, 1, 1))]
    found = _patterns.count_patterns(clip, rings, BLOCKS, (4, 1, 1), table)
    assert compiled.compile_loop(_patterns._count_codes) is not None
    monkeypatch.setattr(_patterns, "compile_loop", lambda _loop: None)
    expected = _patterns.count_patterns(clip, rings, BLOCKS, (4, 1, 1), table)
    np.testing.assert_array_equal(found, expected)


def test_no_loop_is_compiled_without_numba(monkeypatch):
    monkeypatch.setattr(compiled, "find_spec", lambda _name: None)
    assert compiled.compile_loop.__wrapped__(_patterns._count_codes) is None


@pytest.mark.parametrize("extractor", [LBPTOP, ELBPTOP, LBPSIP])
def test_identity_does_not_depend_on_numba(extractor):
    code = read_code(extractor)
    assert code.libraries  # numpy and what else computes
    assert not {"numba", "llvmlite"} & set(code.libraries)
