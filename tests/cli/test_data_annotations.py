"""Spotted intervals become files that a person corrects, and the data set `folder` reads them."""

import json
import re

import cv2
import numpy as np
import pytest

import mertk

SPOTS = """subject,video,onset,offset,type,apex,strength
s01,v01,5,14,me,9,2.0
s01,v01,30,39,me,33,1.5
s02,v02,10,20,me,15,1.2
"""


@pytest.fixture
def spots(tmp_path):
    (tmp_path / "spots.csv").write_text(SPOTS)
    for video in ("v01", "v02"):
        folder = tmp_path / "videos" / video
        folder.mkdir(parents=True)
        for at in range(40):
            cv2.imwrite(str(folder / f"{at:03}.png"), np.full((8, 8), 5 * at, np.uint8))
    return tmp_path / "spots.csv"


def annotate(run, spots, form):
    out = spots.parent / form
    videos = spots.parent / "videos"
    given = ("--fps", "100", "--videos", videos, "--format", form, "--out", out)
    assert run("data", "annotate", spots, *given)[0] == 0
    return out


def test_corrected_elan_files_are_read_by_folder_with_who_changed_what(
    run, spots, monkeypatch, caplog
):
    out = annotate(run, spots, "elan")
    file = out / "s01_v01.eaf"
    text = file.read_text(encoding="utf-8")
    text = text.replace('ANNOTATOR=""', 'ANNOTATOR="Ada"')
    # the first interval begins at 50 ms: the coder lets it begin one frame later, at 60 ms
    assert text.count('TIME_VALUE="50"') == 1
    file.write_text(text.replace('TIME_VALUE="50"', 'TIME_VALUE="60"'), encoding="utf-8")
    clips = mertk.load_dataset("folder:labels=false,fps=100", out)
    assert [(c.subject, len(c.footage.frames)) for c in clips] == [
        ("s01", 9),
        ("s01", 10),
        ("s02", 11),
    ]
    assert clips[0].footage.apex == 3
    assert "Corrected annotations: Ada: 1 moved." in caplog.text
    code, printed, _ = run("data", "changes", out / "spotted.csv", out, "--json")
    assert code == 0
    (change,) = json.loads(printed)
    wanted = {"coder": "Ada", "change": "moved", "field": "onset", "before": "5", "after": "6"}
    assert wanted.items() <= change.items()


def test_a_corrected_table_is_read_by_folder(run, spots, caplog):
    out = annotate(run, spots, "csv")
    text = (out / "index.csv").read_text()
    lines = text.splitlines()
    text = "\n".join([lines[0], lines[1].replace("me,,,", "me,surprise,1+2,Bo"), *lines[3:]])
    (out / "index.csv").write_text(text)
    clips = mertk.load_dataset("folder:labels=false", out)
    assert [clip.record["label"] for clip in clips] == ["surprise", ""]
    assert clips[0].record["au_set"] == (1, 2)
    _, printed, _ = run("data", "changes", out / "spotted.csv", out)
    assert re.search(r"Bo: 1 removed, 2 relabelled", printed)
    assert "Corrected annotations: Bo: 1 removed, 2 relabelled." in caplog.text
    (out / "spotted.csv").write_text("notes of somebody\n")
    assert len(mertk.load_dataset("folder:labels=false", out)) == 2
    assert "What was corrected cannot be listed" in caplog.text
    again = run("data", "annotate", spots, "--format", "csv", "--out", out)
    assert again[0] == 2  # what a person corrected is not replaced
    assert "was changed after mertk wrote it" in again[2]


def test_two_coders_are_compared(run, spots):
    other = spots.parent / "other.csv"
    other.write_text(SPOTS.replace("5,14", "6,14").replace("30,39,me,33", "90,99,me,93"))
    code, printed, _ = run("data", "agree", spots, other, "--json", "--within", "0,1")
    found = json.loads(printed)
    assert code == 0
    assert (found["pairs"], len(found["only_first"]), len(found["only_second"])) == (2, 1, 1)
    assert found["frames"][0]["within"] == {"0": 0.5, "1": 1.0}
    code, printed, _ = run("data", "agree", spots, other)
    assert "2 intervals of both coders (IoU ≥ 0.5), 1 only in the first" in printed
