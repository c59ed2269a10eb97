import csv
from dataclasses import replace

import numpy as np
import openpyxl
import pytest

import mertk
from mertk import cli
from mertk.core.errors import DataError, StorageError, UnknownNameError
from mertk.datasets.spreadsheets import read_csv
from mertk.export import layouts
from mertk_plugins.datasets.casme2 import CASME2
from mertk_plugins.datasets.folder import Folder
from mertk_plugins.datasets.smic import SMIC
from mertk_plugins.datasets.synthetic import Synthetic
from mertk_plugins.protocols.synthetic3 import Synthetic3


@pytest.fixture(scope="module")
def clips():
    return Synthetic(subjects=2, clips=6, frames=8, size=96).index()


def test_casme2_comes_back_through_its_reader(clips, tmp_path):
    layouts.write_layout(clips, tmp_path / "out", "casme2")
    found = CASME2().index(tmp_path / "out")
    in_three = mertk.load_plugins().registry.build("protocol", mertk.Use("casme2_3"))
    assert len(found) == len(clips)
    for old, new in zip(clips, found, strict=True):
        span = slice(old.footage.onset, old.footage.offset + 1)
        assert len(new.footage.frames) == span.stop - span.start
        assert new.footage.apex == old.footage.apex - old.footage.onset
        assert in_three.label(new) == Synthetic3().label(old)
        assert new.record["au_set"] == old.record["au_set"]
        assert new.record["synthetic"] is True
        close = old.footage.frames[span].astype(int) - new.footage.frames[:]
        assert np.abs(close).mean() < 4
    assert len({clip.person for clip in found}) == 2


def test_casme2_has_the_names_and_columns_of_the_original(clips, tmp_path):
    layouts.write_layout(clips, tmp_path, "casme2")
    book = openpyxl.load_workbook(tmp_path / "CASME2-coding-20190701.xlsx")
    assert book.sheetnames == ["Sheet1", "Sheet2", "Sheet3"]
    rows = list(book["Sheet1"].iter_rows(values_only=True))
    assert rows[0] == (
        "Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None,
        "Action Units", "Estimated Emotion", "Objective Classes",
    )  # fmt: skip
    subject, name, _, onset, apex, offset, _, _, emotion, objective = rows[1]
    assert (subject, name) == ("01", "EP01_01")
    assert onset < apex < offset
    assert emotion in {"happiness", "disgust", "repression", "surprise"}
    assert 1 <= objective <= 7
    folder = tmp_path / "CASME2_RAW_selected" / "sub01" / "EP01_01"
    assert {file.name for file in folder.iterdir()} == {
        f"img{n}.jpg" for n in range(onset, offset + 1)
    }
    assert len({row[3] for row in rows[1:]}) > len(clips) // 2, "clips start at different numbers"
    assert {type(row[7]) for row in rows[1:]} == {int, str}, "one action unit alone is a number"


def test_folder_comes_back_through_its_reader(clips, tmp_path):
    layouts.write_layout(clips, tmp_path / "out", "folder")
    found = Folder(fps=1).index(tmp_path / "out")
    for old, new in zip(clips, found, strict=True):
        assert (new.subject, new.name) == (old.subject, old.name)
        assert new.record["label"] == old.record["label"]
        assert new.record["emotion"] == old.record["emotion"]
        assert new.record["synthetic"] is True
        assert new.footage.fps == old.footage.fps
        timing = [old.footage.onset, old.footage.apex, old.footage.offset]
        assert [new.record[name] for name in ("onset", "apex", "offset")] == timing
        close = old.footage.frames[old.footage.apex].astype(int)
        close -= new.footage.frames[new.footage.apex]
        assert np.abs(close).mean() < 4


def a_clip(name="a", dataset="mine", **record):
    frames = mertk.Frames.of(np.full((4, 64, 64, 3), 90, np.uint8))
    return mertk.Clip(
        dataset=dataset,
        subject="s1",
        name=name,
        footage=mertk.Footage(frames=frames, onset=1, offset=3),
        fingerprint="",
        record=record,
    )


def test_clips_of_anywhere_can_be_written_as_casme2(tmp_path):
    emotions = ("positive", "negative", "anger", "surprise")
    clips = [a_clip(f"{n}/x", emotion=emotion) for n, emotion in enumerate(emotions)]
    layouts.write_layout(clips, tmp_path, "casme2")
    book = openpyxl.load_workbook(tmp_path / "CASME2-coding-20190701.xlsx")
    rows = list(book["Sheet1"].iter_rows(values_only=True))[1:]
    assert [row[8] for row in rows] == ["happiness", "disgust", "others", "surprise"]
    assert {row[4] for row in rows} == {"/"}, "no apex is known"
    assert {row[7] for row in rows} == {"?"}, "no action unit is known"
    assert not (tmp_path / "SYNTHETIC.txt").exists()


def test_folder_survives_awkward_names_and_several_data_sets(tmp_path):
    clips = [a_clip("EP/1", label="x"), a_clip("EP_1", label="y"), a_clip("..", "other", label="x")]
    layouts.write_layout(clips, tmp_path, "folder")
    with (tmp_path / "index.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len({row["path"] for row in rows}) == 3
    for row in rows:
        assert len(list((tmp_path / row["path"]).resolve().glob("*.jpg"))) == 4
        assert tmp_path.resolve() in (tmp_path / row["path"]).resolve().parents
    assert [clip.uid for clip in Folder().index(tmp_path)] == [clip.uid for clip in clips]


def test_clips_whose_names_no_file_system_takes_are_written(tmp_path):
    clips = [a_clip(f"{'x' * 300}{end}", label="x") for end in "yz名"]
    layouts.write_layout(clips, tmp_path, "folder")
    assert [clip.name for clip in Folder().index(tmp_path)] == [clip.name for clip in clips]


def test_progress_is_told_once_a_clip(tmp_path):
    told = []
    layouts.write_layout(
        [a_clip(label="x")] * 3, tmp_path, "folder", advance=lambda: told.append(1)
    )
    assert len(told) == 3


def test_a_folder_in_use_is_refused_and_kept(clips, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StorageError, match="not empty"):
        layouts.write_layout(clips, tmp_path, "casme2")
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(StorageError, match="is no folder"):
        layouts.write_layout(clips, tmp_path / "thesis.txt", "casme2")


@pytest.mark.parametrize("layout", ["casme2", "samm", "folder"])
def test_a_clip_that_fails_leaves_nothing_behind(layout, tmp_path):
    with pytest.raises(DataError, match="mine/s1/b"):
        layouts.write_layout([a_clip(emotion="sadness"), a_clip("b")], tmp_path / "out", layout)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_refused(tmp_path):
    flow = mertk.Footage(frames=mertk.Frames.of(np.zeros((0, 1, 1, 3), np.uint8)), onset=0,
                         offset=1, flow=np.zeros((8, 8, 3), np.float32))  # fmt: skip
    bare = mertk.Clip(dataset="d", subject="s", name="n", footage=flow, fingerprint="")
    with pytest.raises(DataError, match="no frames"):
        layouts.write_layout([bare], tmp_path / "out", "folder")
    with pytest.raises(DataError, match="no clips"):
        layouts.write_layout([], tmp_path / "out", "folder")
    with pytest.raises(UnknownNameError, match="casme2"):
        layouts.write_layout([a_clip(label="x")], tmp_path / "out", "casme")
    (tmp_path / "file").touch()
    with pytest.raises((StorageError, DataError)):
        layouts.write_layout([a_clip(label="x")], tmp_path / "file" / "out", "folder")


def test_no_name_becomes_a_formula(tmp_path):
    clip = Synthetic(subjects=1, clips=1, frames=6, size=64).index()[0]
    record = {**clip.record, "emotion": "=cmd", "label": "=cmd"}
    layouts.write_layout([replace(clip, record=record)], tmp_path / "out", "folder")
    file = tmp_path / "out" / "index.csv"
    assert "'=cmd" in file.read_text(encoding="utf-8")
    head, row = read_csv(file, file.read_bytes())
    assert dict(zip(head, row, strict=True))["label"] == "=cmd"


@pytest.mark.parametrize("layout", ["casme2", "samm", "smic"])
def test_the_sets_of_megc2019_are_read_back_from_their_own_layouts(layout, tmp_path):
    registry = mertk.load_plugins().registry
    small = mertk.Use("synthetic", subjects=2, clips=3, size=64)
    clips = registry.build("dataset", small).index(None)
    layouts.write_layout(clips, tmp_path / "out", layout)
    reader = registry.build("dataset", mertk.Use(layout))
    found = reader.index(tmp_path / "out")
    rules = registry.build("protocol", mertk.Use("megc2019"))
    assert sorted(map(rules.label, found)) == sorted(clip.record["label"] for clip in clips)
    assert len({clip.person for clip in found}) == 2
    assert all(clip.record["synthetic"] for clip in found)
    lengths = [clip.footage.offset - clip.footage.onset for clip in found]
    assert sorted(lengths) == sorted(one.footage.offset - one.footage.onset for one in clips)
    apexes = sorted(one.footage.apex - one.footage.onset for one in clips)
    if layout == "smic":  # which annotates no apex
        assert {clip.footage.apex for clip in found} == {None}
    else:
        assert sorted(one.footage.apex - one.footage.onset for one in found) == apexes


def test_smic_takes_no_other_class(tmp_path):
    with pytest.raises(mertk.DataError, match="SMIC has negative, positive, surprise"):
        layouts.write_layout([a_clip(label="others")], tmp_path / "out", "smic")


def test_the_command_writes_other_people_in_each_layout(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pictures = {}
    for layout in ("casme2", "samm", "smic"):
        words = ["data", "synth", layout, "--layout", layout, "--set", "subjects=1"]
        with pytest.raises(SystemExit, match="0"):
            cli.main([*words, "--set", "clips=1", "--set", "size=64"])
        pictures[layout] = {file.read_bytes() for file in (tmp_path / layout).rglob("*.[jb]*")}
    assert all(pictures.values())
    assert not pictures["casme2"] & pictures["samm"]


def test_the_tree_that_is_read_is_not_told_as_unread(clips, tmp_path):
    layouts.write_layout(clips, tmp_path, "smic")
    assert SMIC().survey(tmp_path).others == ()
