"""The same predictions under several label maps, against what is counted by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import mertk
from mertk.cli import app
from mertk.evaluation.label_maps import LabelMap, remap_predictions
from mertk.storage.ledger import Fold, Run

TRUTH = [0, 0, 1, 1, 2, 2]
ROWS = [
    [0.9, 0.1, 0.0],  # right
    [0.3, 0.3, 0.4],  # a and b together win over c
    [0.4, 0.5, 0.1],
    [0.6, 0.3, 0.1],  # wrong, but right once a and b are one
    [0.2, 0.2, 0.6],
    [0.1, 0.3, 0.6],
]


@pytest.fixture
def results(tmp_path):
    identity = {
        "recipe": mertk.load_plugins().registry.recipe("flow_svm").to_json(),
        "protocol": {"name": "loso", "params": {}},
        "classes": ["a", "b", "c"],
        "clip_list": "x",
        "data": "y",
        "components": {},
        "datasets": [{"name": "folder"}],
    }
    clips = {
        f"s/p{person}/{i}": {
            "fold": f"p{person}", "person": f"s/p{person}", "truth": TRUTH[2 * person + i],
        }
        for person in (0, 1, 2) for i in (0, 1)
    }  # fmt: skip
    run = Run.open(tmp_path, "model", identity, {}, clips)
    run.note_prefix(0.0, [])
    for seed in (0, 1):
        for person in (0, 1, 2):
            at = slice(2 * person, 2 * person + 2)
            run.save(Fold(
                name=f"p{person}", seed=seed, uids=[f"s/p{person}/{i}" for i in (0, 1)],
                people=[f"s/p{person}"] * 2, truth=TRUTH[at], probabilities=ROWS[at],
                seconds={"total": 1.0},
            ))  # fmt: skip
    return mertk.Results.load(run.path)


def test_probabilities_of_joined_classes_are_added(results):
    found = remap_predictions(results.outcomes[0], LabelMap.parse("ab=a+b,c"))
    assert found["clips"] == 6
    assert found["accuracy"] == 1.0
    assert found["UF1"] == 1.0


def test_clips_of_a_class_that_is_left_out_do_not_count(results):
    found = remap_predictions(results.outcomes[0], LabelMap.parse("a,c"))
    assert found["clips"] == 4
    assert found["accuracy"] == pytest.approx(3 / 4)  # 0.3 for a against 0.4 for c
    assert found["accuracy_low"] <= 0.75 <= found["accuracy_high"]


def test_unchanged_classes_give_the_score_of_the_table(results):
    results.label_maps = [LabelMap.parse("ab=a+b,c")]
    own, joined = results.remapped().to_dict("records")
    assert own["map"] == "a,b,c"
    assert own["UF1"] == pytest.approx(results.table()["UF1"][0])
    assert joined["map"] == "ab=a+b,c"


def test_without_maps_there_is_no_such_table(results):
    assert results.remapped().empty


def test_report_prints_the_maps_that_it_is_given(results):
    path = str(results.runs[0].path)
    shown = CliRunner().invoke(app, ["report", path, "--map", "ab=a+b,c", "--map", "a,c"])
    assert shown.exit_code == 0, shown.output
    page = (Path(path).parent / "report.html").read_text()
    assert "ab=a+b,c" in page
    out = CliRunner().invoke(app, ["report", path, "--map", "a,c", "--json"])
    rows = json.loads(out.output)["label_maps"]
    assert [(row["map"], row["clips"]) for row in rows] == [("a,b,c", 6), ("a,c", 4)]
    assert np.isfinite([row["UF1_low"] for row in rows]).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a=,b", "NAME=CLASS"),
        ("a,a", "each name once"),
        ("x=a+b,y=b", "b stands in it twice"),
        ("a", "at least two classes"),
        ("a,bee", "bee"),
        ("a,b=b,d=", "NAME=CLASS"),
    ],
)
def test_a_map_that_makes_no_sense_is_refused_in_one_line(results, text, message):
    with pytest.raises(mertk.MertkError, match=message) as error:
        remap_predictions(results.outcomes[0], LabelMap.parse(text))
    assert "\n" not in str(error.value)
