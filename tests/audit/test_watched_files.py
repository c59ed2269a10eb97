"""What a component does to files of others is seen, and what it may do is not held against it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mertk.audit import watched_files, worker
from mertk.audit.spotter_case import SpotterCase

SCRIPT = """
import json, os, sqlite3, sys
from pathlib import Path
from mertk.audit.watched_files import watch_files
from mertk.pipeline.pipeline import Stage

found = watch_files(Path(sys.argv[1]), [Path(sys.argv[2])])

class Component:
    def align(self, footage):
        exec(sys.argv[3])

open(sys.argv[4], "w").close()  # not a component's
try:
    Stage("aligner", Component()).call("align", None)
finally:
    print(json.dumps(found))
"""


def deeds(tmp_path, code):
    for name in ("private", "data", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "data" / "index.csv").write_text("clip,label")
    (tmp_path / "data" / "clip.png").write_text("picture")
    paths = {name: str(tmp_path / name) for name in ("private", "data", "other")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, paths["private"], paths["data"], code.format(**paths),
         str(tmp_path / "other" / "ours")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "code",
    [
        "open('{other}/x', 'w')",
        "open('{other}/ours', 'a')",
        "os.open('{other}/x', os.O_CREAT)",
        "Path('{other}/x').mkdir()",
        "sqlite3.connect('{other}/x')",
        "open('{private}/x', 'w'); os.rename('{private}/x', '{other}/x')",
        "open('{private}/../other/x', 'w')",
    ],
)
def test_a_file_that_is_written_outside_is_noted(tmp_path, code):
    (deed,) = deeds(tmp_path, code).items()
    assert deed[0] == "aligner"
    assert deed[1].startswith(f"writes {tmp_path / 'other'}")


def test_a_table_of_the_data_set_is_noted(tmp_path):
    told = deeds(tmp_path, "open('{data}/index.csv')")["aligner"]
    assert (
        told
        == f"reads {tmp_path / 'data' / 'index.csv'} of the data set, although the clips are noise"
    )


@pytest.mark.parametrize(
    "code",
    [
        "open('{private}/x', 'w')",
        "open('{data}/clip.png')",
        "open('{other}/ours')",
        "open(os.devnull, 'w')",
    ],
)
def test_what_a_component_may_do_is_not_noted(tmp_path, code):
    assert deeds(tmp_path, code) == {}


@pytest.mark.skipif(not watched_files.SHARED_MEMORY.is_dir(), reason="there is no such folder here")
def test_what_is_left_in_shared_memory_is_found_unless_somebody_has_it_open():
    file = watched_files.SHARED_MEMORY / f"mertk-test-{os.getpid()}"
    before = watched_files.shared_memory()
    try:
        file.write_text("weights")
        assert str(file) in watched_files.left_in_shared_memory(before)
        assert str(file) not in watched_files.left_in_shared_memory(watched_files.shared_memory())
        script = f"f = open({str(file)!r}); print(flush=True); input()"
        with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as other:  # fmt: skip
            other.stdout.readline()
            assert str(file) not in watched_files.left_in_shared_memory(before)
            other.communicate(b"\n")
    finally:
        file.unlink()


def test_weights_are_looked_for_where_they_were_downloaded_to(monkeypatch):
    monkeypatch.setenv("HF_HOME", "/weights")
    monkeypatch.delenv("TORCH_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    folders = watched_files.weights_folders()
    assert folders == {"HF_HOME": Path("/weights"), "TORCH_HOME": Path("/caches/torch")}


def test_machine_code_is_kept_in_the_private_folder_of_an_audit(monkeypatch):
    seen = {}

    def run(_command, **options):
        seen.update(options)
        return subprocess.CompletedProcess([], 0, "{}", "")

    monkeypatch.setattr(worker.subprocess, "run", run)
    case = SpotterCase(name="lbptop", spotter={}, study={}, files=())
    assert worker.run_in_fresh_process(case, "traced") == {}
    assert seen["env"]["NUMBA_CACHE_DIR"] == seen["cwd"] == seen["env"]["HOME"]


def test_a_semaphore_of_another_program_is_nothing_that_is_left():
    before = watched_files.shared_memory()
    file = watched_files.SHARED_MEMORY / "sem.mertk-test"
    file.write_bytes(b"0" * 32)
    try:
        assert watched_files.left_in_shared_memory(before) == []
    finally:
        file.unlink()
