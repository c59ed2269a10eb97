"""The command line as people and machines use it."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mertk.plugins.registry import KINDS

TOYS = Path(__file__).parents[1] / "toys.py"


def bench(run, tmp_path, *more):
    return run(
        "--plugin", TOYS, "bench", "--model", "toy_model", "--dataset", "toy",
        "--out", tmp_path / "runs", "--jobs", 1, *more,
    )  # fmt: skip


def test_bench_prints_a_table_and_leaves_a_report(run, tmp_path):
    code, out, err = bench(run, tmp_path)
    assert code == 0
    assert "toy_model" in out
    assert "majority" in out
    assert "Chance level: UF1 " in out
    assert "toy_model: folds (4)" in err
    page = (tmp_path / "runs" / "report.html").read_text()
    assert "<h2>Confusion matrices</h2>" in page


def test_json_holds_what_the_table_shows(run, tmp_path):
    code, out, _ = bench(run, tmp_path, "--json", "--baseline", "majority")
    data = json.loads(out)
    assert code == 0
    assert [row["model"] for row in data["models"]] == ["toy_model", "majority", "prior"]
    assert data["models"][0]["UF1"] == 1.0
    assert data["comparisons"][0]["b"] == "majority"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
@pytest.mark.parametrize(
    "arguments", [["--help"], ["list"], ["list", "model"], ["show", "extractor", "hoof"]]
)
def test_a_reader_that_leaves_ends_the_program_quietly(arguments):
    """As in `mertk list | head -1`, of which head has gone before anything is written."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "mertk", *arguments],
            stdout=writing, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_report_recomputes_from_the_run_folders(run, tmp_path):
    _, out, _ = bench(run, tmp_path, "--json")
    (tmp_path / "runs" / "report.html").unlink()
    code, again, _ = run("--plugin", TOYS, "report", tmp_path / "runs", "--json")
    assert code == 0
    first = {row["model"]: row for row in json.loads(out)["models"]}
    assert {row["model"]: row for row in json.loads(again)["models"]} == first
    assert (tmp_path / "runs" / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bnech"], "no command is called 'bnech'. Did you mean 'bench'"),
        (["list", "extractorss"], "Did you mean 'extractor'"),
        (["show", "model", "nothing"], "no model is called 'nothing'"),
        (["bench"], "Missing option '--model'"),
        (["bench", "--model", "toy_model", "--set", "grid=8"], "write SLOT.PARAMETER=VALUE"),
        (["bench", "--model", "toy_model", "--swap", "roi"], "write SLOT=NAME"),
        (
            ["train", "--model", "flow_svm", "--out", "x", *["--swap", "fusion=concat"] * 2],
            "swap fusion is given 2 times; several fusion blocks are one swap, a+b",
        ),
        (
            ["bench", "--model", "lbptop", *["--set", "extractor.r=1"] * 2],
            "set extractor.r is given 2 times; a sweep tries several values",
        ),
        (
            ["bench", "--model", "lbptop", *["--set", "dataset.subjects=2"] * 2],
            "set dataset.subjects is given 2 times",
        ),
        (["bench", "--model", "toy_model", "--seeds", "x"], "give a list such as 0,1,2"),
        (["bench", "--model", "toy_model", "--dataset", "toy", "--data", "a=b"], "for 'a'"),
        (["report", "nowhere"], "is not a run folder"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(run, arguments, message):
    code, out, err = run("--plugin", TOYS, *arguments)
    assert code == 2
    assert out == ""
    assert message in err
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("Error: ")


def test_a_broken_plugin_warns_and_the_rest_works(run, tmp_path):
    (tmp_path / "bad.py").write_text("import nowhere_at_all")
    code, out, err = run("--plugin", tmp_path / "bad.py", "--plugin", TOYS, "list", "roi")
    assert code == 0
    assert "toy_halves" in out
    assert "Warning: plug-in" in err


def test_list_and_show_say_what_there_is(run):
    _, out, _ = run("--plugin", TOYS, "list", "--json")
    assert {"kind": "roi", "name": "toy_halves"}.items() <= next(
        row for row in json.loads(out) if row["name"] == "toy_halves"
    ).items()
    _, out, _ = run("--plugin", TOYS, "show", "extractor", "toy_change")
    assert "--set scale=1.0" in out
    assert "      factor that the change is multiplied by, so that its unit is a" in out
    _, out, _ = run("--plugin", TOYS, "show", "extractor", "toy_change", "--json")
    assert json.loads(out)["parameters"]["scale"] == {
        "default": 1.0,
        "type": "float",
        "description": "factor that the change is multiplied by, so that its unit is a grey level "
        "divided by it.",
    }


def test_cache_shows_and_clears(run, tmp_path):
    bench(run, tmp_path)
    _, out, _ = run("cache", "--json")
    assert json.loads(out)["entries"] == 16
    _, out, _ = run("cache", "--clear", "--json")
    assert (json.loads(out)["removed"], json.loads(out)["entries"]) == (16, 0)


def test_text_from_data_is_escaped_in_the_report(tmp_path, run):
    text = TOYS.read_text().replace('f"s{subject}"', 'f"<script>{subject}"')
    (tmp_path / "evil.py").write_text(text)
    run("--plugin", tmp_path / "evil.py", "bench", "--model", "toy_model", "--dataset",
        "toy", "--out", tmp_path / "runs", "--jobs", 1,
    )  # fmt: skip
    page = (tmp_path / "runs" / "report.html").read_text()
    assert page.count("<script>") == 1  # the page's own
    assert "<script>0" not in page
    assert "&lt;script&gt;0" in page


SLOW = '''
import time, numpy as np, mertk
class Slow:
    """Takes its time."""
    def fit(self, train, rng): time.sleep(0.4); self.k = len(train.classes)
    def predict(self, streams): return np.full(self.k, 1 / self.k)
@mertk.hookimpl
def mertk_register(register):
    register.classifier("slow", Slow)
'''


# A suite that is run in the background hands on that Ctrl-C is ignored.
MAIN = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import mertk.cli; mertk.cli.main()"


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_goes_on_where_it_was(tmp_path, how):
    (tmp_path / "slow.py").write_text(SLOW)
    command = [
        sys.executable, "-c", MAIN, "--plugin", str(TOYS),
        "--plugin", str(tmp_path / "slow.py"), "bench", "--model", "toy_model", "--dataset",
        "toy:subjects=8", "--swap", "classifier=slow", "--out", str(tmp_path / "runs"),
        "--jobs", "1",
    ]  # fmt: skip
    environment = {**os.environ, "MERTK_CACHE": str(tmp_path / "cache")}
    running = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    folds = tmp_path / "runs"
    deadline = time.monotonic() + 60
    while len(list(folds.glob("toy_model*/folds/*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(how)
    _, err = running.communicate(timeout=60)
    done = {file: file.stat().st_mtime_ns for file in folds.glob("toy_model*/folds/*.json")}
    assert 2 <= len(done) < 8
    if how == signal.SIGINT:
        assert running.returncode == 130
        assert "Finished folds are kept" in err
        assert "Traceback" not in err
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after = {file: file.stat().st_mtime_ns for file in folds.glob("toy_model*/folds/*.json")}
    assert len(after) == 8
    assert done.items() <= after.items()


@pytest.mark.slow
def test_two_runs_at_once_share_cache_and_run_folder(tmp_path):
    command = [
        sys.executable, "-c", "import mertk.cli; mertk.cli.main()", "--plugin", str(TOYS),
        "bench", "--model", "toy_model", "--dataset", "toy", "--out", str(tmp_path / "runs"),
        "--jobs", "1", "--json",
    ]  # fmt: skip
    environment = {**os.environ, "MERTK_CACHE": str(tmp_path / "cache")}
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [json.loads(one.communicate(timeout=120)[0]) for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert outputs[0]["models"][0]["UF1"] == outputs[1]["models"][0]["UF1"] == 1.0


def test_a_read_only_disk_is_one_clear_line(run, tmp_path):
    (tmp_path / "runs").write_text("a file where the folder should be")
    code, _, err = bench(run, tmp_path)
    assert code == 2
    assert "cannot write" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [[], ["data"]])
def test_a_command_group_alone_prints_its_help(run, arguments):
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    assert out.startswith(" ".join(["Usage: mertk", *arguments, "[OPTIONS] COMMAND"]))


def test_a_misuse_names_one_next_step(run):
    _, _, err = run("bench", "--modle", "lbptop")
    assert err == "Error: No such option '--modle'. Did you mean '--model'?\n"
    _, _, err = run("bench", "--model", "lbptop", "--jobs", 0)
    assert err.endswith("x>=1. `mertk bench --help` lists what it takes\n")
    _, _, err = run("bench", "lbptop")
    assert err == "Error: lbptop is no study; write `--model` before the name of a model\n"
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["bench", "--model", "lbptop"],
            "interrupted. Finished folds are kept; the same command continues",
        ),
        (["list"], "interrupted"),
    ],
)
def test_an_interrupt_is_one_line(run, monkeypatch, arguments, expected):
    def interrupt(*_given):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"mertk.cli.{arguments[0]}_command.load_and_report_plugins", interrupt)
    before = signal.getsignal(signal.SIGINT)
    try:
        code, _, err = run(*arguments)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (code, err.strip()) == (130, f"Error: {expected}")


def test_the_help_of_bench_groups_its_options(run):
    _, out, _ = run("bench", "--help")
    titles = ["What is evaluated:", "Data:", "How it is run:", "Output:", "Options:"]
    assert [line for line in out.splitlines() if line in titles] == titles
    what, data, how, output = (
        out[out.index(title) : out.index(after)] for title, after in itertools.pairwise(titles)
    )
    assert "--model NAME" in what
    assert "--baseline NAME" in what
    assert "--allow-mismatch" in data
    assert "--plan" in how
    assert "--json" in output
    assert out.endswith("Options:\n  -h, --help  Show this message and exit.\n")


def test_list_fits_80_columns_with_year_needs_and_speed(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = run("list")
    assert max(map(len, out.splitlines())) <= 80
    assert "[mertk" not in out  # no origin where all are built in
    assert re.search(r"^  ststnet +2019  medium  torch +\S", out, re.MULTILINE)
    assert re.search(r"^  lbptop +2007  fast +\S", out, re.MULTILINE)
    kinds = [line for line in out.splitlines() if line and line[0] != " "][: len(KINDS)]
    assert kinds == list(KINDS)
    _, out, _ = run("--plugin", TOYS, "list", "roi")
    assert "toy_halves Left and right half. [toys.py] whole" in " ".join(out.split())
    assert run("--plugin", TOYS, "list", "rois")[1] == out  # the plural is understood


def test_show_needs_no_kind_and_knows_presets(run):
    _, out, _ = run("show", "lbptop:casme2")
    order = ["lbptop:casme2", "Recipe", "Parameters", "classifier.C=10000", "Presets"]
    order += ["Scores measured with mertk", "Published scores", "The original", "Not verified"]
    found = [out.index(part) for part in order]
    assert found == sorted(found)
    assert "mertk bench --model lbptop:casme2" in out
    assert out.endswith("Same name: extractor, `mertk show extractor lbptop`\n")
    assert run("show", "grid")[1] == run("show", "roi", "grid")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lbptpo"], "no model or component is called 'lbptpo'. Did you mean 'lbptop'?"),
        (["ststnet:quikc"], "Did you mean 'quick'?"),
        (["grid:quick"], "roi 'grid' has no presets; only models have them"),
    ],
)
def test_show_names_what_is_wrong(run, arguments, message):
    code, _, err = run("show", *arguments)
    assert code == 2
    assert message in err
    assert len(err) < 120


def test_the_list_of_commands_cuts_no_sentence_off(run):
    _, out, _ = run("data")
    assert "..." not in out.partition("Commands:")[2]
    assert "Write the synthetic data set to folder OUT as images and annotations." in (
        " ".join(out.split())
    )
