"""Files behind cached features: what a fingerprint sees by itself, and what `--verify` finds."""

import json
import os
from dataclasses import replace

import cv2
import numpy as np
import pytest

import mertk
from mertk.pipeline.features import PrefixKeys, load_clip_state
from mertk.pipeline.pipeline import build_pipeline
from mertk.storage import clip_sources
from mertk.storage.cache import Cache
from mertk_plugins.datasets.folder import Folder

TIME = 10**18


def write_bmp(file, level):
    """A picture whose size does not depend on what it shows, of one time of change."""
    file.parent.mkdir(parents=True, exist_ok=True)
    picture = np.full((24, 24, 3), level, np.uint8)
    picture[::2] //= 2
    file.write_bytes(cv2.imencode(".bmp", picture)[1].tobytes())
    os.utime(file, ns=(TIME, TIME))


def change_silently(folder, level):
    """Other content in all frames of a clip, under the sizes and times that they had."""
    for file in folder.iterdir():
        write_bmp(file, level)


@pytest.fixture
def root(tmp_path):
    """Four clips of BMP frames that are alike in names, sizes and times; another level in each."""
    rows = ["subject,clip,path,label"]
    for number in range(4):
        rows.append(f"s{number // 2},c{number},c{number},a")
        for frame in range(3):
            write_bmp(tmp_path / f"data/c{number}/img{frame}.bmp", 40 * number + 10 * frame)
    (tmp_path / "data/index.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "data"


def clips_of(root):
    return list(Folder().index(root))


def features(cache, clip):
    """Of one clip, through the cache: the mean level of its pixels."""
    registry = mertk.load_plugins().registry
    recipe = mertk.Recipe(
        aligner=mertk.Use("none"), roi=mertk.Use("whole"), extractor=mertk.Use("pixels"),
        classifier=mertk.Use("majority"),
    )  # fmt: skip
    line = build_pipeline(registry, recipe)
    parcel = load_clip_state(line, PrefixKeys.of(registry, recipe, line), cache, clip)
    return float(np.mean([np.mean(stream) for stream in parcel.streams.values()]))


@pytest.fixture
def cache():
    return Cache()


def test_clips_of_alike_files_do_not_share_features(root, cache):
    clips = clips_of(root)
    assert len({clip.fingerprint for clip in clips}) == 4
    assert len({features(cache, clip) for clip in clips}) == 4


def test_clips_of_one_fingerprint_do_not_share_features(root, cache):
    one, other, *_ = clips_of(root)
    other = replace(other, fingerprint=one.fingerprint)
    assert features(cache, one) != features(cache, other)


def test_a_moved_data_set_keeps_its_features(root, cache):
    before = [features(cache, clip) for clip in clips_of(root)]
    entries = cache.size()[0]
    moved = root.with_name("moved")
    root.rename(moved)
    assert [features(cache, clip) for clip in clips_of(moved)] == before
    assert cache.size()[0] == entries


def test_a_clip_names_all_its_files(root):
    np.save(root / "flow.npy", np.ones((4, 4, 3), np.float32))
    (root / "index.csv").write_text("subject,clip,path,label,flow\ns,c,c1,a,flow.npy\n")
    (clip,) = clips_of(root)
    names = [f"c1/img{frame}.bmp" for frame in range(3)]
    assert [file.relative_to(root).as_posix() for file in clip.files] == [*names, "flow.npy"]
    described = clip_sources.describe_sources(clip)
    assert described["clip"] == "folder/s/c"
    assert described["files"] == ["img0.bmp", "img1.bmp", "img2.bmp", str(root / "flow.npy")]


def test_what_changed_in_silence_is_found_and_computed_again(root, cache):
    clips = clips_of(root)
    before = [features(cache, clip) for clip in clips]
    found = clip_sources.verify_cache(cache)
    assert (found.removed, found.unknown) == (0, 0)
    assert found.entries == cache.size()[0]
    assert found.same == [clip.uid for clip in clips]
    change_silently(root / "c1", 250)
    after = clips_of(root)
    assert [clip.fingerprint for clip in after] == [clip.fingerprint for clip in clips]
    assert [features(cache, clip) for clip in after] == before  # which is why there is --verify
    found = clip_sources.verify_cache(cache)
    assert (found.changed, found.outdated, found.missing) == (["folder/s0/c1"], [], [])
    assert found.same == ["folder/s0/c0", "folder/s1/c2", "folder/s1/c3"]
    assert found.entries - found.removed == cache.size()[0]
    assert found.removed > 0
    again = [features(cache, clip) for clip in after]
    assert [old != new for old, new in zip(before, again, strict=True)] == [0, 1, 0, 0]
    assert not clip_sources.verify_cache(cache).changed


def test_a_change_that_is_seen_is_none_in_silence(root, cache):
    for clip in clips_of(root):
        features(cache, clip)
    write_bmp(root / "c1/img0.bmp", 250)
    os.utime(root / "c1/img0.bmp", ns=(TIME + 1, TIME + 1))
    (root / "c2/img0.bmp").unlink()
    found = clip_sources.verify_cache(cache)
    assert (found.changed, found.removed) == ([], 0)
    assert (found.outdated, found.missing) == (["folder/s0/c1"], ["folder/s1/c2"])


def test_entries_that_name_no_file_are_counted(cache):
    cache.put("ab" * 32, {"x": np.ones(3)})
    found = clip_sources.verify_cache(cache)
    assert (found.entries, found.unknown, found.same) == (1, 1, [])


def test_damaged_entries_are_thrown_away_and_left_out(root, cache, caplog):
    features(cache, clips_of(root)[0])
    for path in list(cache.entries()):
        path.write_bytes(path.read_bytes()[:-1])
    assert clip_sources.verify_cache(cache).same == []
    assert "is damaged" in caplog.text
    assert cache.size()[0] == 0


def test_verifying_is_no_use(root, cache):
    features(cache, clips_of(root)[0])
    for path in cache.entries():
        os.utime(path, (1000, 1000))
    clip_sources.verify_cache(cache)
    assert {path.stat().st_mtime for path in cache.entries()} == {1000}


def test_a_file_that_is_gone_is_named(root):
    clip = clips_of(root)[0]
    (root / "c0/img1.bmp").unlink()
    with pytest.raises(mertk.DataError, match=r"c0/img1\.bmp: cannot be read"):
        clip_sources.describe_sources(clip)


def test_the_command_says_which_clips_changed(root, cache, run):
    for clip in clips_of(root):
        features(cache, clip)
    code, out, _ = run("cache", "--verify")
    assert code == 0
    assert "clips with unchanged files: 4" in out
    change_silently(root / "c1", 250)
    code, out, _ = run("cache", "--verify", "--json")
    told = json.loads(out)
    assert code == 1
    assert told["changed"] == ["folder/s0/c1"]
    assert run("cache", "--verify")[0] == 0
    change_silently(root / "c2", 251)
    code, out, _ = run("cache", "--verify")
    assert code == 1
    assert "clips with changed content but unchanged size and time: 1\n  folder/s1/c2\n" in out
    assert "mertk bench --fresh" in out


def test_verifying_and_removing_are_two_calls(run):
    code, _, err = run("cache", "--verify", "--clear")
    assert (code, err.count("\n")) == (2, 1)
    assert "--verify cannot be combined with --prune or --clear" in err
