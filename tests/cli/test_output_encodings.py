"""Redirected output in an encoding that lacks characters: they are replaced, nothing crashes."""

import io
import os
import subprocess
import sys

import pytest

from mertk.core.printing import accept_all_text

TABLE = "clip,truth,prediction,subject\na,[/b],[/b],日本\nb,é…,é…,s2\nc,[/b],é…,s3\n"


def mertk(folder, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", "import mertk.cli; mertk.cli.main()", *arguments],
        cwd=folder, env={**os.environ, "COLUMNS": "120", **environment}, capture_output=True,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "cp1252"},
        {"PYTHONIOENCODING": "gbk"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_a_table_is_printed_in_any_encoding(tmp_path, environment):
    (tmp_path / "t.csv").write_text(TABLE, encoding="utf-8")
    ended = mertk(tmp_path, "score", "t.csv", **environment)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == b""
    assert b"[/b]" in ended.stdout  # and is no markup


@pytest.mark.parametrize(
    "arguments",
    [("list",), ("data", "list"), ("show", "model", "flow_svm"), ("cache",), ("--help",)],
)
@pytest.mark.parametrize("encoding", ["cp1252", "gbk"])
def test_commands_print_in_any_encoding(tmp_path, arguments, encoding):
    ended = mertk(tmp_path, *arguments, PYTHONIOENCODING=encoding)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.decode(encoding).strip()


def test_a_run_is_told_and_written_whatever_the_encoding(tmp_path):
    ended = mertk(
        tmp_path, "bench", "--model", "majority", "--dataset",
        "synthetic:subjects=3,clips=3,frames=6,size=64", "--jobs", "1", PYTHONIOENCODING="ascii",
        PYTHONUTF8="0", LC_ALL="C", PYTHONCOERCECLOCALE="0",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.isascii()
    page = (tmp_path / "runs" / "report.html").read_text(encoding="utf-8")
    assert "–" in page
    again = mertk(tmp_path, "report", "runs", PYTHONIOENCODING="gbk")
    assert again.returncode == 0, again.stderr
    assert "UF1" in again.stdout.decode("gbk")


def test_a_file_name_that_is_no_utf8_is_told(tmp_path):
    ended = mertk(tmp_path, "score", b"\xff.csv")
    assert ended.returncode == 2
    assert ended.stderr.startswith(b"Error: ?.csv: cannot be read")
    assert ended.stderr.count(b"\n") == 1


def test_what_an_encoding_lacks_becomes_what_looks_like_it(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))
    accept_all_text()
    sys.stdout.write("0.25–0.43 ≥ é ① 日 \udcff → …")
    sys.stdout.flush()
    assert raw.getvalue() == b"0.25-0.43 >= e 1 ? ? -> ..."


def test_bytes_that_are_no_text_are_read_as_such():
    """Native libraries write to the same stream, in any encoding, and a capture reads it again."""
    accept_all_text()
    assert b"frame \xc1 lost".decode("utf-8", "mertk_nearest") == "frame \ufffd lost"
