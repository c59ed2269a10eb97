"""The cache: whole entries or none, memory-mapped, damage noticed."""

import multiprocessing

import numpy as np
import pytest

from mertk.cache import Cache
from mertk.errors import StorageError

KEY = "ab" * 32


def arrays():
    rng = np.random.default_rng(0)
    return {
        "pixels": rng.integers(0, 255, (3, 4, 5, 3), dtype=np.uint8),
        "stream/features": rng.normal(size=(6, 7)).astype(np.float32),
        "empty": np.empty((0, 4), np.float64),
    }


def test_what_is_put_comes_back_memory_mapped(tmp_path):
    cache = Cache(tmp_path)
    cache.put(KEY, arrays(), {"warp": [1, 2]})
    stored = cache.get(KEY)
    assert stored.about == {"warp": [1, 2]}
    for name, array in arrays().items():
        assert np.array_equal(stored.arrays[name], array)
        assert stored.arrays[name].dtype == array.dtype
    assert isinstance(stored.arrays["pixels"], np.memmap)


def test_a_missing_entry_is_none(tmp_path):
    assert Cache(tmp_path).get(KEY) is None


@pytest.mark.parametrize("how", ["truncated", "flipped", "emptied", "overwritten"])
def test_a_damaged_entry_is_thrown_away_with_a_warning(tmp_path, caplog, how):
    cache = Cache(tmp_path)
    cache.put(KEY, arrays())
    path = next(cache.entries())
    data = bytearray(path.read_bytes())
    if how == "flipped":
        data[-3] ^= 1
    path.write_bytes(
        {"truncated": data[:-10], "flipped": data, "emptied": b"", "overwritten": b"x" * 99}[how]
    )
    assert cache.get(KEY) is None
    assert "is damaged" in caplog.text
    assert not path.exists()


def test_prune_removes_the_longest_unused_first(tmp_path):
    import os

    cache = Cache(tmp_path)
    for at, key in enumerate(("aa" * 32, "bb" * 32, "cc" * 32)):
        cache.put(key, arrays())
        os.utime(cache._path(key), (1000 + at, 1000 + at))
    cache.get("aa" * 32)
    size = cache.size()[1] // 3
    removed, freed = cache.prune(2 * size)
    assert (removed, freed) == (1, size)
    assert cache.get("bb" * 32) is None
    assert cache.get("aa" * 32) is not None


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StorageError, match="cannot write .* Finished work is kept"):
        Cache(blocked).put(KEY, arrays())


def _write(root, key, times):
    for _ in range(times):
        Cache(root).put(key, arrays())


def test_two_processes_may_write_the_same_entry(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(tmp_path, KEY, 50)) for _ in range(2)]
    for writer in writers:
        writer.start()
    cache = Cache(tmp_path)
    while any(writer.is_alive() for writer in writers):
        stored = cache.get(KEY)
        assert stored is None or np.array_equal(stored.arrays["pixels"], arrays()["pixels"])
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(list(cache.entries())) == 1
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == list(cache.entries())
