"""`mertk data prepare` as people type it."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

TOYS = Path(__file__).parents[1] / "toys.py"


def prepare(run, tmp_path, *more, name="toy"):
    return run(
        "--plugin", TOYS, "data", "prepare", name, "--aligner", "toy_plain", "--jobs", 1,
        "--out", tmp_path / "out", *more,
    )  # fmt: skip


def test_it_says_what_is_there_and_how_to_bench_it(run, tmp_path):
    code, out, err = prepare(run, tmp_path)
    assert code == 0
    assert "16 clips in" in out
    assert "16 of them new" in out
    assert "preparing clips (16)" in err
    command = out.splitlines()[-1].split()
    assert command[:2] == ["mertk", "bench"]
    command[3] = "toy_model"
    code, table, _ = run(
        "--plugin", TOYS, *command[1:], "--jobs", 1, "--out", tmp_path / "runs", "--json"
    )
    assert code == 0
    assert json.loads(table)["models"][0]["UF1"] == 1.0


def test_the_same_command_makes_nothing_twice(run, tmp_path):
    prepare(run, tmp_path)
    code, out, _ = prepare(run, tmp_path)
    assert code == 0
    assert "16 clips in" in out
    assert "0 of them new" in out


def test_options_reach_the_files(run, tmp_path):
    prepare(run, tmp_path, "--flow", "dis", "--size", 8, "--frames", "npy")
    with (tmp_path / "out" / "index.csv").open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    assert np.load(tmp_path / "out" / row["path"]).shape == (5, 12, 16, 3)
    assert np.load(tmp_path / "out" / row["flow"]).shape == (8, 8, 3)
    recipe = json.loads((tmp_path / "out" / "prepare.json").read_text())["recipe"]
    assert (recipe["flow"], recipe["size"], recipe["frames"]) == ("dis", 8, "npy")


def test_megc_writes_the_tree(run, tmp_path):
    code, _, err = prepare(run, tmp_path, "--layout", "megc")
    assert code == 0
    assert "megc tree (4)" in err
    tree = tmp_path / "out" / "megc" / "norm_u_v_os"
    assert len(list(tree.glob("*/u_test/*/*.png"))) == 16
    assert len(list(tree.glob("*/u_train/*/*.png"))) == 48


def test_bad_clips_are_a_line_each_and_exit_code_2(run, tmp_path):
    frames = np.zeros((4, 64, 64), np.uint8)
    np.save(tmp_path / "dark.npy", frames)
    lines = ["subject,clip,path,label", "s,a,dark.npy,x", "t,b,dark.npy,y"]
    (tmp_path / "index.csv").write_text("\n".join(lines))
    code, out, err = run("data", "prepare", "folder", "--data", tmp_path, "--jobs", 1,
        "--aligner", "eye_similarity:detector=dataset", "--out", tmp_path / "out",
    )  # fmt: skip
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    found = [line.strip() for line in err.splitlines() if "folder/" in line]
    assert len(found) == 2
    assert all("the data set knows no landmarks" in line for line in found)
    assert not (tmp_path / "out" / "index.csv").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--flow", "tvl2"], "Did you mean 'tvl1'"),
        (["--aligner", "toy_plane"], "Did you mean 'toy_plain'"),
        (["--frames", "jpg"], "'png', 'npy', 'none'"),
        (["--layout", "tree"], "'folder', 'megc'"),
        (["--protocol", "toy_los"], "Did you mean 'toy_loso'"),
        (["--size", "-3"], "--size"),
        (["--data", "casme2=."], "gives a folder for 'casme2'"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(run, tmp_path, more, message):
    code, out, err = prepare(run, tmp_path, *more)
    assert (code, out) == (2, "")
    assert message in err.splitlines()[-1]
    assert err.splitlines()[-1].startswith("Error: ")
    assert not (tmp_path / "out").exists()
