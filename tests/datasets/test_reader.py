"""A reader of a made-up data set, as short as one can be, and what it is given by its base."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
import pytest
from PIL import Image

import mertk
from mertk import datasets
from mertk.plugins.registry import check_parameters

ROWS = ("1,a,3,4,6,4+7,Happiness", "2,b,1,,2,12,Disgust")


@dataclass(kw_only=True, eq=False)
class Tiny(datasets.reader.SpreadsheetReader):
    """Two clips."""

    name = "tiny"
    layout = "The folder should hold tiny.csv and p1/a/1.png."
    kinds = ("raw", "cropped")
    editions = (datasets.editions.Edition("first", 2, 2, {"happiness": 1, "disgust": 1}),)
    file_pattern = "tiny"
    optional: ClassVar = {"remark": ("remark", "remarks")}

    tree: Literal["auto", "raw", "cropped"] = "auto"

    def read_line(self, source, line):
        person, clip, _ = line.need("subject", "clip", "emotion")
        if not person.isdecimal():
            raise line.wrong("subject", "is no number")
        known = {"remark": line["remark"]}
        return line.record(source, subject=f"p{person}", clip=clip, fps=50.0, extra=known)

    def place(self, root, folder):
        base = folder.parent.parent
        kind = datasets.folders.kind_of(base, root, {"crop": "cropped"}, "raw")
        key = f"{folder.parent.name}/{folder.name}"
        return datasets.folders.Place(base, kind, key) if folder != root else None


@dataclass(kw_only=True, eq=False)
class Fixed(Tiny):
    """Its parameter `sheet` cannot be chosen."""

    sheet: None = field(default=None, init=False)


def write(root, *rows, header="Subject,Filename,OnsetFrame,ApexFrame,OffsetFrame,AU,Emotion"):
    root.mkdir()
    (root / "tiny.csv").write_text("\n".join([header, *rows]) + "\n")
    for name in ("p1/a", "p2/b", "p3/c"):
        (root / name).mkdir(parents=True)
        for at in range(1, 8):
            Image.fromarray(np.full((4, 4), at, np.uint8)).save(root / name / f"{at}.png")
    return root


@pytest.fixture
def root(tmp_path):
    return write(tmp_path / "tiny", *ROWS)


def test_rows_become_clips_cut_to_onset_and_offset(root):
    happy, disgusted = Tiny().index(root)
    assert [happy.uid, disgusted.uid] == ["tiny/p1/a/3", "tiny/p2/b/1"]
    assert [int(frame[0, 0, 0]) for frame in happy.footage.frames[:]] == [3, 4, 5, 6]
    assert (happy.footage.onset, happy.footage.apex, happy.footage.offset) == (0, 1, 3)
    assert happy.footage.fps == 50
    assert disgusted.footage.apex is None
    assert happy.record["label"] == "happiness"
    assert happy.record["au_set"] == (4, 7)
    assert (happy.record["source"], happy.record["subject_native"]) == ("row 2", "1")
    assert happy.record["edition"] == "first"
    assert happy.record["remark"] == ""


def test_a_survey_says_what_lies_there(root):
    found = Tiny().survey(root)
    assert (found.edition, found.kind, found.tree) == ("first", "raw", root)
    assert found.sheets == (root / "tiny.csv",)
    assert found.unannotated == ("p3/c",)
    assert not found.unusable


def test_clips_without_frames_are_an_error_or_left_out(root, caplog):
    shutil.rmtree(root / "p2")
    with pytest.raises(mertk.DataError, match=r"1 of 2 annotated clips of tiny\.csv"):
        Tiny().index(root)
    assert [clip.uid for clip in Tiny(missing="skip").index(root)] == ["tiny/p1/a/3"]
    assert "p2/b/1 (row 3): no folder in" in caplog.text


def test_a_tree_that_is_not_there_is_named(root):
    with pytest.raises(mertk.DataError, match=r"tiny: no 'cropped' tree of frames below .*raw"):
        Tiny(tree="cropped").index(root)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("x,a,3,4,6,4,Fear", "tiny.csv, row 2, column 'Subject': 'x' is no number"),
        ("1,,3,4,6,4,Fear", "tiny.csv, row 2, column 'Filename': the cell is empty"),
        ("1,a,3,4,6,4,", "tiny.csv, row 2, column 'Emotion': the cell is empty"),
    ],
)
def test_a_cell_that_cannot_be_is_named(tmp_path, row, said):
    with pytest.raises(mertk.DataError, match=re.escape(said)):
        Tiny().index(write(tmp_path / "tiny", row))


def test_a_table_without_a_column_or_without_rows_is_refused(tmp_path):
    bare = write(tmp_path / "bare", header="Subject,Filename,OnsetFrame,ApexFrame,AU,Emotion")
    with pytest.raises(mertk.DataError, match=r"no column 'offsetframe'\. Columns: Subject, File"):
        Tiny().index(bare)
    with pytest.raises(mertk.DataError, match=r"tiny\.csv: a header but no rows"):
        Tiny().index(write(tmp_path / "tiny"))


def test_other_counts_are_no_published_edition(tmp_path):
    assert Tiny().survey(write(tmp_path / "tiny", *ROWS[:1])).edition == "unrecognised"


def test_parameters_are_those_of_the_base_in_the_readers_types():
    check_parameters(
        "tiny", Tiny, {"tree": "raw", "repair": "none", "missing": "skip", "sheet": "a"}
    )
    with pytest.raises(mertk.MertkError, match=r"tree='long' is not of type one of 'auto', 'raw'"):
        check_parameters("tiny", Tiny, {"tree": "long"})
    with pytest.raises(mertk.MertkError, match=r"missing='x' is not of type one of 'error'"):
        check_parameters("tiny", Tiny, {"missing": "x"})
    with pytest.raises(mertk.MertkError, match="takes no parameter 'sheet'"):
        check_parameters("tiny", Fixed, {"sheet": "a.csv"})


def test_the_wanted_sheet_is_read(root):
    (root / "tiny_2.csv").write_text((root / "tiny.csv").read_text().replace("Happiness", "Fear"))
    labels = [clip.record["label"] for clip in Tiny(sheet="tiny_2.csv").index(root)]
    assert labels == ["fear", "disgust"]
    with pytest.raises(mertk.DataError, match=r"no spreadsheet 'z\.csv' below .*tiny\.csv"):
        Tiny(sheet="z.csv").index(root)


def test_a_reader_without_place_cannot_be_made():
    class Without(datasets.reader.SpreadsheetReader):
        name = "without"

    with pytest.raises(TypeError, match="place"):
        Without()


def test_names_in_any_spelling_have_one_form():
    clips = datasets.reader.NameForm("s0*([0-9]+)_(ne|po)", "s{:0>2}_{}")
    assert [clips.parse(text) for text in ("S1_ne", "s001_ne", "s12_po")] == [
        "s01_ne", "s01_ne", "s12_po",
    ]  # fmt: skip
    assert clips.parse("s1_ne_2") is None


def test_published_counts_and_columns_are_read_by_data_set_and_group(tmp_path):
    file = tmp_path / "published.toml"
    file.write_text(
        '[one.optional]\nnotes = ["notes", "remarks"]\n'
        '[[one.editions]]\nname = "first"\nrows = 3\nlabels = { fear = 3 }\n'
        '[[two.editions]]\ngroup = "micro"\nname = "v1"\nrows = 2\n'
        '[[two.editions]]\ngroup = "micro"\nname = "v2"\nrows = 4\nsubjects = 2\n'
    )
    found = datasets.reader.read_published(file)
    assert found["one"].columns == datasets.reader.COLUMNS
    assert found["one"].optional == {"notes": ["notes", "remarks"]}
    assert [(e.name, e.rows, e.labels) for e in found["one"].editions] == [
        ("first", 3, {"fear": 3})
    ]
    assert not found["two"].editions
    assert [(e.name, e.rows, e.subjects) for e in found["two"].groups["micro"]] == [
        ("v1", 2, None), ("v2", 4, 2),
    ]  # fmt: skip
