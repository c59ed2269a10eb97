"""Damaged run folders: what is hit is named and left out, all else is scored as ever."""

from __future__ import annotations

import json
import random
import shutil
import sys
import zlib
from pathlib import Path

import pytest

import mertk
from mertk.cli import main
from mertk.evaluation import comparison

TESTS = Path(__file__).parents[1]
TOYS = TESTS / "toys.py"
sys.path.insert(0, str(TESTS))

from damaged_runs import DAMAGES, HARMLESS, of_fold, short_row  # noqa: E402

PLUGINS = mertk.load_plugins([TOYS])
OTHER = mertk.Use("toy_nearest", noise=40.0)
REFUSED = {"folder_for_a_fold", "file_for_folds", "run_folder", "run_of_a_later_release"}
"""What `bench` does not write over: it is not a file that a run has made."""


def bench(out, **options):
    options = {"dataset": "toy", "jobs": 1, "floors": False, "seeds": (0, 1)} | options
    return mertk.bench(["toy_model"], plugins=PLUGINS, out=out, **options)


def load(*paths, **options):
    return mertk.Results.load(*paths, plugins=PLUGINS, **options)


def rows(results):
    """The table's rows by model, without what a run spent."""
    kept = results.table().drop(columns=["seconds", "cpu_seconds", "run"])
    return {row["model"]: str(row) for row in kept.to_dict("records")}


def generator(name):
    return random.Random(zlib.crc32(name.encode()))  # noqa: S311


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two models, two seeds, four folds each."""
    folder = tmp_path_factory.mktemp("whole") / "runs"
    bench(folder)
    bench(folder, swaps=[("classifier", [OTHER])])
    return folder


@pytest.fixture(scope="module")
def expected(whole):
    return rows(load(whole))


@pytest.fixture
def runs(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "runs")


@pytest.fixture
def hit(runs):
    """The run that damages hit."""
    (found,) = (path for path in runs.glob("toy_model-*"))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("name", "damage"), DAMAGES, ids=[name for name, _ in DAMAGES])
def test_a_damage_is_named_or_changes_nothing(name, damage, expected, hit, caplog):
    runs = hit.parent
    damage(hit, generator(name))
    results = load(runs)
    assert all(expected[model] == row for model, row in rows(results).items())
    lost = set(expected) - set(rows(results))
    assert lost == (set() if (name, damage) in HARMLESS else {"toy_model"})
    told = [line for line in results.notices if hit.name in line]
    assert told or name == "through_a_link"
    assert all("\n" not in line for line in results.notices)
    if lost:
        with pytest.raises(mertk.MertkError, match="nothing to compare") as error:
            comparison.compare_runs([runs], PLUGINS)
        assert hit.name in str(error.value)
        assert "\n" not in str(error.value)
    caplog.clear()
    if name in REFUSED:
        with pytest.raises(mertk.MertkError, match=hit.name) as error:
            bench(runs)
        assert "\n" not in str(error.value)
        return
    assert rows(bench(runs)) == {"toy_model": expected["toy_model"]}
    if lost and "deleted" not in name and name != "no_folds":
        assert hit.name in caplog.text
    again = load(runs)
    assert rows(again) == expected
    assert again.notices == (told if name == "copied_aside" else [])


@pytest.mark.parametrize("name", ["short_row", "pipe_for_a_fold", "run_cut", "plan_deep"])
def test_the_commands_name_the_run_and_report_the_others(name, runs, hit, tmp_path, capsys):
    dict(DAMAGES)[name](hit, generator(name))
    command = ["--plugin", str(TOYS), "report", str(runs), "--json"]
    with pytest.raises(SystemExit) as ended:
        main(command)
    said = capsys.readouterr()
    assert ended.value.code == 0
    told = json.loads(said.out)
    assert [row["model"] for row in told["models"]] == [
        "toy_model+classifier=toy_nearest:noise=40.0"
    ]
    assert any(hit.name in line for line in told["notices"])
    assert all(line.startswith("Warning: ") for line in said.err.splitlines())
    assert hit.name in said.err
    page = (runs / "report.html").read_text()
    assert f"{hit.name}" in page
    with pytest.raises(SystemExit) as ended:
        main(["--plugin", str(TOYS), "compare", str(runs), "--out", str(tmp_path)])
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert said.err.startswith("Error: nothing to compare")
    assert hit.name in said.err
    assert said.err.count("\n") == 1


def test_many_damages_at_once_are_each_named(runs, hit):
    files = sorted((hit / "folds").iterdir())
    for file in files[:3]:
        file.write_text("{")
    notices = load(runs).notices
    for file in files[:3]:
        assert sum(str(file) in line for line in notices) == 1
    assert "seed 0: 1 of 4 folds" in notices[-1]


def test_a_damaged_fold_alone_is_run_again(runs, hit, caplog):
    of_fold(short_row, seal=True)(hit, generator(""))
    before = {file: file.stat().st_mtime_ns for file in (hit / "folds").iterdir()}
    bench(runs)
    changed = [file for file, time in before.items() if file.stat().st_mtime_ns != time]
    assert len(changed) == 1
    assert f"{changed[0]} is damaged (" in caplog.text
    assert "it counts as not finished" in caplog.text
