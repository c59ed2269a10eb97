"""The cache: whole entries or none, memory-mapped, damage noticed."""

import mmap
import multiprocessing
import os

import numpy as np
import pytest
from damaged_cache import BYTES, DAMAGES

from mertk.core.errors import StorageError
from mertk.storage.cache import Cache

KEY = "ab" * 32
ABOUT = {"warp": [1, 2]}


def arrays():
    rng = np.random.default_rng(0)
    return {
        "pixels": rng.integers(0, 255, (3, 4, 5, 3), dtype=np.uint8),
        "stream/features": rng.normal(size=(6, 7)).astype(np.float32),
        "empty": np.empty((0, 4), np.float64),
    }


def _memory(array):
    """What an array's numbers lie in."""
    while isinstance(array, np.ndarray | memoryview):
        array = array.base if isinstance(array, np.ndarray) else array.obj
    return array


def test_what_is_put_comes_back_memory_mapped(tmp_path):
    cache = Cache(tmp_path)
    cache.put(KEY, arrays(), ABOUT)
    stored = cache.get(KEY)
    assert stored.about == ABOUT
    for name, array in arrays().items():
        assert np.array_equal(stored.arrays[name], array)
        assert stored.arrays[name].dtype == array.dtype
    assert isinstance(_memory(stored.arrays["pixels"]), mmap.mmap)
    assert not stored.arrays["pixels"].flags.writeable


def test_a_missing_entry_is_none(tmp_path):
    assert Cache(tmp_path).get(KEY) is None


def is_whole(stored):
    """Whether an entry is what `arrays` and `ABOUT` say, to the last bit and no more."""
    return (
        stored.about == ABOUT
        and set(stored.arrays) == set(arrays())
        and all(
            stored.arrays[name].dtype == array.dtype
            and stored.arrays[name].shape == array.shape
            and np.array_equal(stored.arrays[name], array)
            for name, array in arrays().items()
        )
    )


@pytest.mark.timeout(60)
@pytest.mark.parametrize("damage", [pytest.param(one, id=name) for name, one in DAMAGES])
def test_a_damaged_entry_is_noticed_in_one_line_and_computed_again(tmp_path, caplog, damage):
    cache = Cache(tmp_path)
    cache.put(KEY, arrays(), ABOUT)
    path = cache._locate_entry(KEY)
    damage(path, np.random.default_rng(0))
    assert cache.get(KEY) is None
    assert len(caplog.messages) == 1
    assert f"cache entry {path.name} is damaged (" in caplog.text
    assert "\n" not in caplog.messages[0]
    assert not os.path.lexists(path)
    cache.put(KEY, arrays(), ABOUT)
    assert is_whole(cache.get(KEY))
    assert len(caplog.messages) == 1


def test_no_random_damage_is_believed(tmp_path, caplog):
    cache, rng = Cache(tmp_path), np.random.default_rng(0)
    cache.put(KEY, arrays(), ABOUT)
    path = cache._locate_entry(KEY)
    whole = path.read_bytes()
    for turn in range(400):
        path.write_bytes(whole)
        damage = BYTES[turn % len(BYTES)]
        damage(path, rng)
        assert cache.get(KEY) is None, f"{damage.__name__}, turn {turn}"
        assert len(caplog.messages) == turn + 1


def test_every_byte_of_an_entry_counts(tmp_path):
    cache = Cache(tmp_path)
    cache.put(KEY, {"x": np.arange(3, dtype=np.float32)}, ABOUT)
    path = cache._locate_entry(KEY)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert cache.get(KEY) is None, at


def test_what_is_not_the_caches_survives_in_its_place(tmp_path, caplog):
    cache = Cache(tmp_path / "cache")
    path = cache._locate_entry(KEY)
    path.mkdir(parents=True)
    (path / "thesis.txt").write_text("years of work")
    assert cache.get(KEY) is None
    (kept,) = path.parent.glob("*/thesis.txt")
    assert str(kept.parent) in caplog.text
    (tmp_path / "thesis.txt").write_text("years of work")
    path.symlink_to(tmp_path / "thesis.txt")
    assert cache.get(KEY) is None
    assert (tmp_path / "thesis.txt").read_text() == kept.read_text() == "years of work"


def test_a_file_in_the_place_of_a_folder_is_one_clear_error(tmp_path):
    (tmp_path / KEY[:2]).write_text("")
    assert Cache(tmp_path).get(KEY) is None
    with pytest.raises(StorageError, match="cannot write"):
        Cache(tmp_path).put(KEY, arrays())


def test_an_entry_is_a_safetensors_file(tmp_path):
    from safetensors.numpy import load

    Cache(tmp_path).put(KEY, arrays(), ABOUT)
    found = load(next(Cache(tmp_path).entries()).read_bytes())
    assert all(np.array_equal(found[name], array) for name, array in arrays().items())


def test_prune_removes_the_longest_unused_first(tmp_path):
    cache = Cache(tmp_path)
    for at, key in enumerate(("aa" * 32, "bb" * 32, "cc" * 32)):
        cache.put(key, arrays())
        os.utime(cache._locate_entry(key), (1000 + at, 1000 + at))
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
