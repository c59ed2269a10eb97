"""What a shell completes: the names of models, data sets, protocols and components."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOYS = str(Path(__file__).parents[1] / "toys.py")


def ask(how, *words):
    """What mertk answers a shell, and the exit code."""
    environment = {
        **os.environ,
        "_MERTK_COMPLETE": how,
        "COMP_WORDS": " ".join(["mertk", *words]),
        "COMP_CWORD": str(len(words)),
    }
    command = [sys.executable, "-c", "import mertk.cli; mertk.cli.main()"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ben"], ["plain,bench"]),
        (["bench", "--model", "lbp"], ["plain,lbpsip", "plain,lbptop"]),
        (["bench", "--model", "ststnet:q"], ["plain,ststnet:quick"]),
        (["bench", "--model", "./my.t"], ["file,./my.t"]),
        (["audit", "--model", "ststnet_"], ["plain,ststnet_mid"]),
        (["bench", "--dataset", "samm"], ["plain,samm", "plain,samm_lv"]),
        (["bench", "--protocol", "megc2018_c"], ["plain,megc2018_cde"]),
        (["bench", "--swap", "roi=g"], ["plain,roi=grid"]),
        (["bench", "--swap", "f"], ["plain,fusion="]),
        (["show", "lbpt"], ["plain,lbptop"]),
        (["show", "fusion", "lstm"], ["plain,lstm_concat", "plain,lstm_se"]),
        (["list", "ex"], ["plain,extractor"]),
        (["--plugin", TOYS, "bench", "--model", "toy"], ["plain,toy_model"]),
    ],
)
def test_names_are_completed(words, expected):
    assert ask("bash_complete", *words) == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_that_a_shell_evaluates_is_printed(shell):
    assert "_MERTK_COMPLETE=" + shell in " ".join(ask(f"{shell}_source"))
