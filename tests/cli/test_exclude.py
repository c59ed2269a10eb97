"""One lost clip is left out by name, and the scores say so."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

import mertk
from mertk.core.errors import DataError, ParameterError
from mertk.experiment.excluded_clips import find_excluded, parse_excluded

PLUGINS = mertk.load_plugins()
LOST = "s02/c02"


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    """A table of clips of three people, in one of which there is no face."""
    root = tmp_path_factory.mktemp("lost")
    use = mertk.Use("synthetic", subjects=3, clips=3, size=128)
    rows = ["subject,clip,path,onset,offset,emotion"]
    for clip in PLUGINS.registry.build("dataset", use).index(None):
        name = f"{clip.subject}/{clip.name}"
        (root / name).mkdir(parents=True)
        for number in (0, 1):
            picture = clip.footage.frames[number * 7]
            if name == LOST:
                picture = np.full_like(picture, 90)
            cv2.imwrite(str(root / name / f"{number}.png"), picture[..., ::-1])
        rows.append(f"{clip.subject},{clip.name},{name},0,1,{clip.record['label']}")
    (root / "index.csv").write_text("\n".join(rows))
    return root


def test_a_lost_clip_stops_the_run_until_it_is_excluded(lost, tmp_path, run):
    ask = ("bench", "--model", "flow_ridge", "--dataset", "folder", "--data", lost, "--no-floors")
    runs = ("--out", tmp_path / "runs")
    code, _, err = run(*ask, *runs)
    assert code == 2
    assert "1 of 9 clips failed" in err
    assert "no face found" in err
    assert f"To run without them, and say so beside the scores: --exclude folder/{LOST}" in err

    (tmp_path / "lost.txt").write_text(f"# no face\n{LOST}  # hand before it\n\n")
    shown = f"Left out by --exclude (1): folder/{LOST}. The scores are of the other clips."
    for given in (f"folder/{LOST}", tmp_path / "lost.txt"):
        code, out, err = run(*ask, *runs, "--exclude", given, "--json")
        assert code == 0, err
        found = json.loads(out)
        assert found["excluded"] == [f"folder/{LOST}"]
        assert shown in found["sentences"]
    named = [json.loads(file.read_text())["identity"] for file in tmp_path.glob("runs/*/run.json")]
    assert [one.get("excluded") for one in named].count([f"folder/{LOST}"]) == 1


def test_names_of_no_clip_or_of_several_are_refused(tmp_path):
    clips = PLUGINS.registry.build("dataset", mertk.Use("synthetic", subjects=2, clips=2)).index(
        None
    )
    assert find_excluded(clips, ["s01/c02"]) == {"synthetic/s01/c02"}
    with pytest.raises(DataError, match="no clip 's01/c03' among 4; did you mean 's01/c0"):
        find_excluded(clips, ["s01/c03"])
    with pytest.raises(DataError, match="'c01' is the name of 2 clips: synthetic/s01/c01, "):
        find_excluded(clips, ["c01"])
    with pytest.raises(ParameterError, match="there is no such file"):
        parse_excluded(str(tmp_path / "list.txt"))
    assert parse_excluded("s01/c02, s02/c01") == ["s01/c02", "s02/c01"]
