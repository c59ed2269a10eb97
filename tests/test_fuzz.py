"""A small part of the fuzz in benchmarks/fuzz.py, in a process of its own, as it forks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks")
def test_random_command_lines_raise_nothing_and_lose_no_file():
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.fuzz", "--lines", "40", "--models", "0", "--runs", "0",
         "--entries", "0", "--seed", "1"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[1].split()[:7] == [
        "command",
        "lines",
        "40",
        "0",
        "0",
        "0",
        "0",
    ]


def test_command_lines_depend_on_seed_and_number_alone():
    from benchmarks._lines import command_line

    lines = [command_line(0, number) for number in range(200)]
    assert lines[150] == command_line(0, 150)
    assert lines != [command_line(1, number) for number in range(200)]
    words = {word for line in lines for word in line}
    assert {"bench", "audit", "predict", "score", "prepare", "--out", "--plugin"} <= words
