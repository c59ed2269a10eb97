"""Prepared folders: the same clips, pixels and scores as the data sets that they come from."""

import csv
import json
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

import mertk
from mertk.export import layouts
from mertk.export.prepare import prepare_datasets
from mertk.vision import optical_flow
from mertk_plugins.datasets.folder import Folder

TOYS = Path(__file__).parents[1] / "toys.py"

ALIGNERS = '''
from pathlib import Path
import numpy as np, mertk
class Turned:
    """Turns and shrinks a little, and says where 68 points are."""
    def __init__(self, *, size: int = 64) -> None: self.size = size
    def align(self, footage):
        dark = Path(__file__).parent / "light" / "dark"  # no part of its code
        if dark.exists() and footage.frames[footage.offset].mean() < float(dark.read_text()):
            raise mertk.DataError("no face found in frame 0")
        points = np.stack([np.arange(68), np.arange(68) % 7], axis=1).astype(np.float32)
        turn = np.array([[0.6, 0.05, 2], [-0.05, 0.6, 3]])
        return footage.warped(turn, (self.size, self.size), landmarks=points)
class Learnt(Turned):
    """Learns."""
    def fit(self, train, rng): pass
@mertk.hookimpl
def mertk_register(register):
    register.aligner("turned", Turned)
    register.aligner("learnt", Learnt)
'''


@pytest.fixture(scope="module")
def casme2(tmp_path_factory):
    out = tmp_path_factory.mktemp("casme2")
    registry = mertk.load_plugins().registry
    small = mertk.Use("synthetic", subjects=3, clips=3, frames=8, size=96)
    layouts.write_layout(registry.build("dataset", small).index(None), out, "casme2")
    return out


@pytest.fixture
def plugins(tmp_path):
    (tmp_path / "aligners.py").write_text(ALIGNERS)
    return mertk.load_plugins([TOYS, tmp_path / "aligners.py"])


@pytest.fixture
def run(plugins, casme2, tmp_path):
    def run(*datasets, out="out", **options):
        options = {"aligner": "turned", "jobs": 1, "plugins": plugins} | options
        datasets = datasets or ("casme2",)
        if "casme2" in datasets:
            options = {"data": {"casme2": casme2}} | options
        return prepare_datasets(datasets, out=tmp_path / out, **options)

    return run


def table(out):
    with (out / "index.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def stamps(out):
    return {f: f.stat().st_mtime_ns for f in out.rglob("*") if f.name.endswith((".png", ".npy"))}


@pytest.fixture
def grey_from_colours(monkeypatch):
    """No JPEG's own luma, which prepared frames do not have."""
    monkeypatch.setattr(mertk.Frames, "find_grey_reader", lambda _frames: None)


@pytest.mark.usefixtures("grey_from_colours")
@pytest.mark.parametrize("frames", ["png", "npy"])
def test_scores_are_those_of_the_data_set_itself(run, plugins, casme2, tmp_path, frames):
    out = run(frames=frames).out
    common = {"protocol": "casme2_3", "jobs": 1, "floors": False, "plugins": plugins}
    for model in ("flow_svm", "lbptop"):
        direct = mertk.bench(
            [model], dataset="casme2", data=casme2, out=tmp_path / "a",
            swaps=[("aligner", [mertk.Use("turned")])], **common,
        )  # fmt: skip
        again = mertk.bench(
            [model], dataset="folder", data=out, out=tmp_path / "b",
            swaps=[("aligner", [mertk.Use("none")])], **common,
        )  # fmt: skip
        assert again.runs[0].predictions().equals(direct.runs[0].predictions())
        assert again.table()["UF1"][0] == direct.table()["UF1"][0]


def test_clips_come_back_with_their_names_pixels_timing_and_records(run, plugins, casme2):
    out = run().out
    direct = plugins.registry.build("dataset", mertk.Use("casme2")).index(casme2)
    aligner = plugins.registry.build("aligner", mertk.Use("turned"))
    found = Folder().index(out)
    assert [clip.uid for clip in found] == [clip.uid for clip in direct]
    for old, new in zip(direct, found, strict=True):
        faces = aligner.align(old.footage)
        assert new.person == old.person
        assert np.array_equal(new.footage.frames[:], faces.frames[faces.expression])
        assert np.array_equal(new.footage.flow, optical_flow.onset_apex(faces))
        assert np.array_equal(new.footage.landmarks, faces.landmarks)
        assert (new.footage.apex, new.footage.fps) == (old.footage.apex, old.footage.fps)
        moved = ("root_kind", "frames_dir", "n_files", "first_file", "last_file", "zero_pad",
                 "onset", "apex", "offset")  # fmt: skip
        for name in set(old.record) - set(moved):
            assert new.record[name] == old.record[name], name
        assert new.record["source.onset"] == str(old.record["onset"])
        assert new.record["synthetic"] is True
    assert (out / "SYNTHETIC.txt").is_file()


def test_a_prepared_folder_can_be_prepared_again(run):
    first = run().out
    second = run("folder", data=first, aligner="none", out="second").out
    for old, new in zip(Folder().index(first), Folder().index(second), strict=True):
        assert (new.uid, new.record["source.onset"]) == (old.uid, old.record["source.onset"])
        assert np.array_equal(new.footage.frames[:], old.footage.frames[:])


def test_flow_alone_takes_the_size_asked_for(run):
    out = run(frames="none", size=20, flow="dis").out
    assert not list(out.rglob("*.png"))
    for clip in Folder().index(out):
        assert clip.footage.flow.shape == (20, 20, 3)
        assert len(clip.footage.frames) == 0


def test_frames_before_the_onset_are_left_out(run, tmp_path):
    frames = np.arange(10, dtype=np.uint8)[:, None, None, None].repeat(8, 1).repeat(8, 2)
    np.save(tmp_path / "v.npy", frames.repeat(3, 3))
    (tmp_path / "early.py").write_text(
        "import numpy as np, mertk\n"
        "class Early:\n"
        '    """One clip that begins before its onset."""\n'
        "    def index(self, root):\n"
        f"        frames = mertk.datasets.media.arrays.of_array({str(tmp_path / 'v.npy')!r}, 0, 10)\n"
        "        footage = mertk.Footage(frames=frames, onset=3, apex=5, offset=6)\n"
        "        return [mertk.Clip(dataset='early', subject='s', name='c', footage=footage,\n"
        "                           fingerprint='1', record={'label': 'x'})]\n"
        "@mertk.hookimpl\n"
        "def mertk_register(register): register.dataset('early', Early)\n"
    )
    plugins = mertk.load_plugins([tmp_path / "early.py"])
    clip = Folder().index(run("early", aligner="none", plugins=plugins).out)[0]
    assert [int(frame.mean()) for frame in clip.footage.frames] == [3, 4, 5, 6]
    assert (clip.footage.onset, clip.footage.apex, clip.footage.offset) == (0, 2, 3)


def test_what_is_done_is_kept_and_what_is_not_whole_is_done_again(run):
    out = run().out
    before = stamps(out)
    assert run().made == 0
    assert stamps(out) == before
    first, second = (out / row["path"] for row in table(out)[:2])
    (first / "00001.png").unlink()
    (second / "clip.json").write_text('{"fingerpr')
    assert run().made == 2
    kept = {f: at for f, at in before.items() if first not in f.parents and second not in f.parents}
    assert kept.items() <= stamps(out).items()
    assert set(stamps(out)) == set(before)


def test_a_clip_is_done_again_when_its_frames_change(run, casme2, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(casme2, copy)
    run(data=copy)
    picture = next(iter(sorted((copy / "CASME2_RAW_selected").rglob("*.jpg"))))
    cv2.imwrite(str(picture), np.full((96, 96, 3), 200, np.uint8))
    assert run(data=copy).made == 1


def test_what_a_killed_run_left_is_cleared_away(run, tmp_path):
    out = run().out
    place = out / table(out)[0]["path"]
    left = place.with_name(f".mertk-{'0' * 32}")
    place.rename(left)
    os.utime(left, (0, 0))
    assert run().made == 1
    assert not left.exists()


def test_clips_that_fail_are_named_together_and_the_others_kept(run, tmp_path):
    mark = tmp_path / "light" / "dark"
    mark.parent.mkdir()
    mark.write_text("90")
    with pytest.raises(mertk.DataError) as error:
        run("toy", protocol="toy_loso")
    lines = str(error.value).splitlines()
    assert "of 16 clips failed" in lines[0]
    failed = [line.strip().partition(": ")[0] for line in lines[1:]]
    assert len(failed) > 1
    assert all("no face found in frame 0" in line for line in lines[1:])
    out = tmp_path / "out"
    assert {row["uid"] for row in table(out)}.isdisjoint(failed)
    assert len(table(out)) == 16 - len(failed)
    assert set(json.loads((out / "prepare.json").read_text())["failed"]) == set(failed)
    assert {path.name for path in out.rglob(".*")} == {".mertk.json"}
    mark.unlink()
    done = run("toy", protocol="toy_loso")
    assert (done.clips, done.made) == (16, len(failed))
    assert len(table(out)) == 16


def test_two_workers_write_the_same_as_one(run):
    one, two = run(out="one").out, run(out="two", jobs=2).out
    assert (one / "index.csv").read_bytes() == (two / "index.csv").read_bytes()
    files = [file.relative_to(one) for file in stamps(one)]
    assert len(files) > 9
    assert all((one / file).read_bytes() == (two / file).read_bytes() for file in files)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"flow": "dis"}, 'flow "farneback", now "dis"'),
        ({"aligner": "turned:size=32"}, "aligner.params.size 64, now 32"),
        ({"frames": "none"}, 'frames "png", now "none"'),
        ({"protocol": "casme2_3"}, 'protocol.name none, now "casme2_3"'),
    ],
)
def test_another_recipe_for_the_same_folder_is_refused(run, changed, named):
    out = run().out
    before = stamps(out)
    with pytest.raises(mertk.DataError) as error:
        run(**changed)
    assert named in str(error.value)
    assert "\n" not in str(error.value)
    assert stamps(out) == before


def test_a_folder_of_something_else_is_refused_and_kept(run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    with pytest.raises(mertk.DataError, match="holds no prepare.json"):
        run()
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["thesis.txt"]
    with pytest.raises(mertk.StorageError, match="Not a directory"):
        run(out="out/thesis.txt")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"aligner": "learnt"}, "learns"),
        ({"flow": "raft"}, "no flow method is called 'raft'"),
        ({"layout": "mecg"}, "no layout is called 'mecg'"),
        ({"frames": "jpg"}, "no kind of frames is called 'jpg'"),
        ({"size": -1}, "size=-1"),
        ({"aligner": "turnde"}, "Did you mean 'turned'"),
        ({"protocol": "casme2_5"}, "no clip is 'others'"),
    ],
)
def test_a_mistake_is_named_before_anything_is_written(run, tmp_path, options, message):
    with pytest.raises(mertk.MertkError) as error:
        run(**options)
    assert message in str(error.value)
    assert not (tmp_path / "out").exists()


def test_a_protocol_takes_its_clips_and_tells_their_class(run):
    out = run("casme2", "toy", protocol='loso:exclude=["happiness","down"]').out
    rows = table(out)
    assert {"happiness", "down"}.isdisjoint(row["label"] for row in rows)
    assert all(row["protocol.loso"] == row["label"] for row in rows)


def test_several_data_sets_share_a_folder_and_their_people_stay_apart(run):
    out = run("toy", "casme2").out
    rows = table(out)
    assert [row["dataset"] for row in rows] == ["toy"] * 16 + ["casme2"] * 9
    clips = Folder().index(out)
    assert [clip.uid for clip in clips] == [row["uid"] for row in rows]
    assert len({clip.person for clip in clips}) == 7


def test_names_of_clips_cannot_leave_the_folder_or_meet(run, tmp_path):
    np.save(tmp_path / "v.npy", np.zeros((3, 8, 8), np.uint8))
    names = ["../../up", "a/b", "a_b", "A_B", "é 1"]
    lines = ["subject,clip,path,label", *(f"s,{name},v.npy,x" for name in names)]
    (tmp_path / "index.csv").write_text("\n".join(lines), encoding="utf-8")
    out = run("folder", data=tmp_path, aligner="none").out
    places = [(out / row["path"]).resolve() for row in table(out)]
    assert len(set(places)) == len(names)
    assert all(out in place.parents for place in places)
    assert [clip.name for clip in Folder().index(out)] == names


@pytest.fixture
def tree(run):
    return run(layout="megc").out / "megc"


def test_the_tree_holds_out_one_subject_a_folder(tree, plugins, casme2):
    clips = plugins.registry.build("dataset", mertk.Use("casme2")).index(casme2)
    rules = plugins.registry.build("protocol", mertk.Use("casme2_3"))
    assert json.loads((tree / "labels.json").read_text()) == {
        "0": "negative", "1": "positive", "2": "surprise"
    }  # fmt: skip
    truth = {c.uid.replace("/", "_") + ".png": rules.label(c) for c in clips}
    folds = sorted(path.name for path in (tree / "norm_u_v_os").iterdir())
    assert folds == ["casme2_sub01", "casme2_sub02", "casme2_sub03"]
    for fold in folds:
        at = tree / "norm_u_v_os" / fold
        assert sorted(path.name for path in at.iterdir()) == ["u_test", "u_train"]
        tested = {f.name: f.parent.name for f in (at / "u_test").rglob("*.png")}
        trained = {f.name: f.parent.name for f in (at / "u_train").rglob("*.png")}
        assert all(name.startswith(f"{fold}_") for name in tested)
        assert not any(name.startswith(f"{fold}_") for name in trained)
        numbers = {"negative": "0", "positive": "1", "surprise": "2"}
        assert tested | trained == {name: numbers[label] for name, label in truth.items()}


def test_pictures_of_the_tree_are_the_flow_in_red_green_and_blue(tree):
    out = tree.parent
    for row in table(out):
        name = row["uid"].replace("/", "_") + ".png"
        picture = cv2.imread(str(tree / "whole_norm_u_v_os" / name))[..., ::-1]
        uvs = np.load(out / row["flow"])
        assert picture.shape == uvs.shape == (28, 28, 3)
        for channel in range(3):
            low, high = uvs[..., channel].min(), uvs[..., channel].max()
            scaled = (uvs[..., channel] - low) / (high - low) * 255
            assert np.abs(picture[..., channel] - scaled).max() <= 0.51


def test_every_picture_of_the_tree_lies_on_disk_once(tree):
    for file in (tree / "whole_norm_u_v_os").iterdir():
        assert file.stat().st_nlink == 4  # and in each of three folds


def test_where_there_are_no_hard_links_pictures_are_copied(run, monkeypatch):
    def refuse(*_):
        raise OSError("no hard links here")

    monkeypatch.setattr("os.link", refuse)
    tree = run(layout="megc").out / "megc"
    for file in (tree / "whole_norm_u_v_os").iterdir():
        copies = list((tree / "norm_u_v_os").rglob(file.name))
        assert len(copies) == 3
        assert all(copy.read_bytes() == file.read_bytes() for copy in copies)


def test_the_tree_waits_for_every_clip_unless_it_need_not(run, tmp_path):
    ends = sorted(
        clip.footage.frames[4].mean()
        for clip in mertk.load_plugins([TOYS])
        .registry.build("dataset", mertk.Use("toy"))
        .index(None)
    )
    (tmp_path / "light").mkdir()
    (tmp_path / "light" / "dark").write_text(str((ends[1] + ends[2]) / 2))
    tree = tmp_path / "out" / "megc"
    with pytest.raises(mertk.DataError, match="2 of 16 clips failed"):
        run("toy", layout="megc")
    assert not tree.exists()
    with pytest.raises(mertk.DataError, match="2 of 16 clips failed"):
        run("toy", layout="megc", allow_mismatch=True)
    assert len(list((tree / "whole_norm_u_v_os").iterdir())) == 14
    (tmp_path / "light" / "dark").unlink()
    assert run("toy", layout="megc").clips == 16
    assert len(list((tree / "whole_norm_u_v_os").iterdir())) == 16


def test_data_sets_of_one_tree_do_not_mix_their_people(run, plugins, tmp_path):
    (tmp_path / "twin.py").write_text(
        TOYS.read_text().replace('"toy', '"twin').replace('f"toy/', 'f"twin/')
    )
    plugins = mertk.load_plugins([*plugins.files, tmp_path / "twin.py"])
    out = run("toy", "twin", layout="megc", protocol="loso", plugins=plugins).out
    folds = {path.name for path in (out / "megc" / "norm_u_v_os").iterdir()}
    assert folds == {f"{name}_s{n}" for name in ("toy", "twin") for n in range(4)}
