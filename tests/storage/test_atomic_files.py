"""Files are there whole or not at all, and nothing is replaced but what mertk wrote."""

import ast
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mertk.core.errors import StorageError
from mertk.storage import atomic_files

ROOT = Path(__file__).parents[2]
KIND = "trained model"
DAY_AGO = time.time() - 86400


def fill(text, many=3):
    """Fills a folder with files of one content, one of them below a folder."""

    def write(folder):
        (folder / "below").mkdir()
        (folder / "below" / "deep").write_text(text)
        for number in range(many):
            (folder / f"file{number}").write_text(text)

    return write


def contents(folder):
    """The texts of all files but the mark."""
    found = {file.read_text() for file in folder.rglob("*") if file.is_file()}
    return {text for text in found if '"about": "Which files mertk' not in text}


def snapshot(folder):
    """What lies in a folder: links and contents."""
    return {
        path: path.readlink() if path.is_symlink() else path.is_file() and path.read_bytes()
        for path in folder.rglob("*")
    }


@pytest.fixture
def model(tmp_path):
    atomic_files.write_folder(tmp_path / "model", fill("old"), KIND)
    return tmp_path / "model"


def test_a_folder_of_mertk_is_replaced_by_another_of_its_kind(model):
    atomic_files.write_folder(model, fill("new", 2), KIND)
    assert sorted(path.name for path in model.iterdir()) == [
        ".mertk.json", "below", "file0", "file1",
    ]  # fmt: skip
    assert contents(model) == {"new"}
    assert [path.name for path in model.parent.iterdir()] == ["model"]


def test_an_empty_folder_and_a_new_one_are_filled(tmp_path):
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "a" / "b" / "new"):
        atomic_files.write_folder(path, fill("new"), KIND)
        assert contents(path) == {"new"}


STRANGE = {
    "a file beside": lambda model: (model / "thesis.tex").write_text("years of work"),
    "a file below": lambda model: (model / "below" / "thesis.tex").write_text("years of work"),
    "a hidden file": lambda model: (model / ".env").write_text("years of work"),
    "an edited file": lambda model: (model / "file1").write_text("edited"),
    "a link": lambda model: (model / "link").symlink_to(model / "file0"),
    "a file that is a link now": lambda model: (
        (model / "file0").rename(model.parent / "away"),
        (model / "file0").symlink_to(model.parent / "away"),
    ),
    "a folder with a file": lambda model: (
        (model / "notes").mkdir(), (model / "notes" / "a").write_text("years of work"),
    ),
    "a pipe": lambda model: os.mkfifo(model / "pipe"),
    "no mark": lambda model: (model / ".mertk.json").unlink(),
    "a damaged mark": lambda model: (model / ".mertk.json").write_text('{"files": 1'),
    "an odd mark": lambda model: (model / ".mertk.json").write_text('{"files": [], "folder": ""}'),
    "a mark that is a pipe": lambda model: (
        (model / ".mertk.json").unlink(), os.mkfifo(model / ".mertk.json"),
    ),
    "a mark of another kind": lambda model: (
        shutil.rmtree(model), atomic_files.write_folder(model, fill("old"), "prepared clip"),
    ),
    "a mark of single files": lambda model: (
        shutil.rmtree(model), atomic_files.write_files(model, {"file0": "old"}),
    ),
    "a link in its place": lambda model: (
        model.rename(model.parent / "away"), model.symlink_to(model.parent / "away"),
    ),
    "a link to nothing in its place": lambda model: (
        shutil.rmtree(model), model.symlink_to(model.parent / "away"),
    ),
    "a file in its place": lambda model: (shutil.rmtree(model), model.write_text("years of work")),
}  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("strange", STRANGE)
def test_a_folder_with_anything_else_in_it_is_left_alone(model, strange):
    STRANGE[strange](model)
    before = snapshot(model.parent)
    for refused in (
        lambda: atomic_files.check_folder(model, KIND),
        lambda: atomic_files.write_folder(model, fill("new"), KIND),
    ):
        with pytest.raises(StorageError) as error:
            refused()
        assert "\n" not in str(error.value)
        assert "another place to write to" in str(error.value)
        assert snapshot(model.parent) == before


def test_what_comes_while_the_folder_is_made_is_left_alone(model):
    def slow(folder):
        fill("new")(folder)
        (model / "thesis.tex").write_text("years of work")

    with pytest.raises(StorageError, match=r"thesis\.tex was not written by mertk"):
        atomic_files.write_folder(model, slow, KIND)
    assert contents(model) == {"old", "years of work"}
    assert [path.name for path in model.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("out", [".", "..", "../..", "../here", "", "/", "../../deep/.."])
def test_the_folder_that_one_is_in_and_those_above_it_are_left_alone(tmp_path, monkeypatch, out):
    atomic_files.write_folder(tmp_path / "inside" / "deep", fill("old"), KIND)
    atomic_files.write_folder(tmp_path / "inside" / "deep" / "here", fill("old"), KIND)
    monkeypatch.chdir(tmp_path / "inside" / "deep" / "here")
    before = snapshot(tmp_path)
    with pytest.raises(StorageError, match="that you are in, or above it|other files"):
        atomic_files.write_folder(Path(out), fill("new"), KIND)
    assert snapshot(tmp_path) == before


def test_a_path_through_a_link_and_back_is_where_the_system_says(tmp_path):
    (tmp_path / "far" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "inner")
    atomic_files.write_folder(tmp_path / "link" / ".." / "model", fill("new"), KIND)
    assert contents(tmp_path / "far" / "model") == {"new"}
    assert not (tmp_path / "model").exists()


def test_a_mount_point_is_refused_before_the_work():
    with pytest.raises(StorageError, match="mount point"):
        atomic_files.check_folder(Path("/proc"), KIND)


def test_notes_of_mertk_itself_are_replaced_where_they_are_damaged(tmp_path):
    atomic_files.write_folder(tmp_path / "clip", fill("old"), KIND, ["file0"])
    (tmp_path / "clip" / "file0").write_text("cut of")
    atomic_files.write_folder(tmp_path / "clip", fill("new"), KIND, ["file0"])
    assert contents(tmp_path / "clip") == {"new"}


def test_files_that_mertk_wrote_are_replaced_and_others_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    for text in ("old", "new", "new"):
        atomic_files.write_files(tmp_path, {"page.html": text, "table.csv": text})
    atomic_files.write_file(tmp_path / "page.html", "newer")
    texts = {name: (tmp_path / name).read_text() for name in ("page.html", "table.csv")}
    assert texts == {"page.html": "newer", "table.csv": "new"}
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


FOREIGN = {
    "written by somebody": lambda path: path.write_text("years of work"),
    "edited": lambda path: (atomic_files.write_file(path, "old"), path.write_text("edited")),
    "a link": lambda path: (path.with_name("a").write_text("years"), path.symlink_to("a")),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a link to what mertk wrote": lambda path: (
        atomic_files.write_file(path.with_name("a"), "old"), path.symlink_to("a"),
    ),
    "a folder": lambda path: path.mkdir(),
    "a folder with a file": lambda path: (path.mkdir(), (path / "a").write_text("years of work")),
    "a pipe": os.mkfifo,
    "in a model": lambda path: atomic_files.write_folder(path.parent, fill("old"), KIND),
    "below a file": lambda path: (path.parent.rmdir(), path.parent.write_text("years of work")),
    "below a damaged mark": lambda path: path.with_name(".mertk.json").write_text("[]"),
}  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("foreign", FOREIGN)
def test_a_file_of_somebody_else_is_left_alone_and_no_other_is_written(tmp_path, foreign):
    path = tmp_path / "out" / "page.html"
    path.parent.mkdir()
    FOREIGN[foreign](path)
    before = snapshot(tmp_path)
    for refused in (
        lambda: atomic_files.check_file(path),
        lambda: atomic_files.write_file(path, "new"),
        lambda: atomic_files.write_files(path.parent, {"first": "new", "page.html": "new"}),
    ):
        with pytest.raises(StorageError) as error:
            refused()
        assert "\n" not in str(error.value)
        assert snapshot(tmp_path) == before


def test_a_device_is_left_alone(tmp_path):
    with pytest.raises(StorageError, match="device"):
        atomic_files.write_file(Path("/dev/null"), "new")
    assert Path("/dev/null").is_char_device()


def test_killed_between_mark_and_file_the_old_file_is_known_as_the_new_one_is(
    tmp_path, monkeypatch
):
    path = tmp_path / "page.html"
    atomic_files.write_file(path, "old")
    replaced = Path.replace

    def killed(temporary, target):
        if target == path:
            raise KeyboardInterrupt
        return replaced(temporary, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        atomic_files.write_file(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    atomic_files.write_file(path, "newer")
    assert path.read_text() == "newer"


@pytest.mark.parametrize(
    ("fails_at", "can_exchange"), [("fill", True), ("fill", False), ("rename", False)]
)
def test_what_fails_leaves_the_old_folder(model, monkeypatch, fails_at, can_exchange):
    if not can_exchange:
        monkeypatch.setattr(atomic_files, "_exchange_folders", lambda *_: False)
    renamed = Path.rename

    def full(path, *target):
        if fails_at == "fill" or path.name.startswith(".mertk-"):
            raise OSError(28, "No space left on device")
        return renamed(path, *target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(StorageError, match="No space left"):
        atomic_files.write_folder(model, full if fails_at == "fill" else fill("new"), KIND)
    assert contents(model) == {"old"}
    assert [path.name for path in model.parent.iterdir()] == ["model"]


def test_a_system_that_cannot_exchange_folders_renames_them(model, monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    atomic_files.write_folder(model, fill("new"), KIND)
    assert contents(model) == {"new"}
    assert [path.name for path in model.parent.iterdir()] == ["model"]


LOOP = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from mertk.storage import atomic_files
from test_atomic_files import KIND, fill
out = Path({out!r})
for number in range({times}):
    atomic_files.write_folder(out / "model", fill(f"{name} {{number}}", 20), KIND)
    atomic_files.write_files(out, {{"a": f"{name} {{number}}" * 9999, "b": f"{name} {{number}}"}})
    print(number, flush=True)
"""


def writer(out, name, times, stdout=subprocess.DEVNULL):
    """A process that writes a folder and files again and again."""
    script = LOOP.format(
        tests=str(ROOT / "tests" / "storage"), out=str(out), name=name, times=times
    )
    return subprocess.Popen([sys.executable, "-c", script], stdout=stdout)


def test_who_is_killed_leaves_the_old_or_the_new_and_nobody_is_refused_after(tmp_path):
    rng = np.random.default_rng(0)
    for kill in range(8):
        with writer(tmp_path, f"round {kill}", 10**6, subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(rng.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
        assert len(contents(tmp_path / "model")) == 1
        assert len(list((tmp_path / "model").rglob("*"))) == 23
        assert len(set((tmp_path / "a").read_text().split("round"))) == 2
        visible = {path.name for path in tmp_path.iterdir() if path.name[0] != "."}
        assert visible == {"model", "a", "b"}
    for path in tmp_path.glob(".mertk-*"):
        os.utime(path, (DAY_AGO, DAY_AGO))
    assert writer(tmp_path, "last", 1).wait() == 0
    assert {path.name for path in tmp_path.iterdir()} == {"model", "a", "b", ".mertk.json"}


def test_several_writers_of_one_place_do_not_mix(tmp_path):
    writers = [writer(tmp_path, f"writer {n}", 20) for n in range(3)]
    assert [process.wait() for process in writers] == [0, 0, 0]
    assert len(contents(tmp_path / "model")) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"model", "a", "b", ".mertk.json"}
    assert writer(tmp_path, "last", 1).wait() == 0


def test_what_a_killed_writer_left_is_removed_but_only_that(tmp_path):
    old, new = (f".mertk-{letter * 32}" for letter in "ab")
    kept = [new, ".mertk-thesis", f"mertk-{'a' * 32}", f".mertk-{'a' * 31}g"]
    for name in (old, *kept):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("a")
    (tmp_path / f".mertk-{'c' * 32}").write_text("a")
    (tmp_path / f".mertk-{'d' * 32}").symlink_to(tmp_path / kept[1])
    for path in tmp_path.iterdir():
        if path.name != new:
            os.utime(path, (DAY_AGO, DAY_AGO), follow_symlinks=False)
    atomic_files.write_file(tmp_path / "page.html", "new")
    assert {path.name for path in tmp_path.iterdir()} == {"page.html", ".mertk.json", *kept}
    assert (tmp_path / kept[1] / "file").exists()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("x" * 300, "File name too long"),
        (f"new/{'x' * 300}/y", "File name too long"),
        ("é" * 200, "File name too long"),
        ("~/runs", "home folder"),
        ("/proc/runs", "No such file"),
        ("/dev/null/runs", "Not a directory"),
    ],
)
def test_where_nothing_can_be_written_is_known_before(tmp_path, monkeypatch, path, message):
    monkeypatch.chdir(tmp_path)
    for check in (
        atomic_files.check_writable,
        atomic_files.check_file,
        lambda path: atomic_files.check_files(path, ["a"]),
        lambda path: atomic_files.check_folder(path, KIND),
    ):
        with pytest.raises(StorageError, match=message) as error:
            check(Path(path))
        assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_check_leaves_nothing_behind(tmp_path):
    atomic_files.check_writable(tmp_path / "new" / "deep")
    atomic_files.check_file(tmp_path / "new" / "page.html")
    atomic_files.check_folder(tmp_path / "new", KIND)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["é" * 120, "x" * 250, "名" * 80])
def test_a_name_may_be_as_long_as_the_system_takes(tmp_path, name):
    atomic_files.write_file(tmp_path / name, "new")
    atomic_files.write_folder(tmp_path / f"{name}-", fill("new"), KIND)
    atomic_files.write_folder(tmp_path / f"{name}-", fill("newer"), KIND)
    assert (tmp_path / name).read_text() == "new"
    assert contents(tmp_path / f"{name}-") == {"newer"}


def test_a_file_name_that_is_no_utf8_can_be_written_of(tmp_path):
    for _ in range(2):
        atomic_files.write_file(tmp_path / "table.csv", os.fsdecode(b"clip\xff.mp4"))
    assert (tmp_path / "table.csv").read_text() == "clip\\udcff.mp4"


def test_others_can_read_what_is_written(tmp_path):
    before = os.umask(0o022)
    try:
        atomic_files.write_file(tmp_path / "page.html", "new")
        atomic_files.write_folder(tmp_path / "model", fill("new"), KIND)
    finally:
        os.umask(before)
    assert (tmp_path / "page.html").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "model").stat().st_mode & 0o777 == 0o755


def test_the_mark_says_what_was_written(model):
    mark = json.loads((model / ".mertk.json").read_text())
    assert mark["folder"] == KIND
    assert sorted(mark["files"]) == ["below/deep", "file0", "file1", "file2"]
    sha256 = "cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4"  # sha256sum says
    assert mark["files"]["file0"] == [sha256]


WRITERS = {
    "mertk/storage/atomic_files.py": {
        "rmtree",
        "unlink",
        "rename",
        "rmdir",
        "write_bytes",
        "touch",
    },
    "mertk/storage/cache.py": {
        "rename",
        "unlink",
        "write_bytes",
    },  # entries; a folder is moved aside
    "mertk/storage/clip_sources.py": {"unlink"},  # entries whose files have changed
    "mertk/experiment/trained_model.py": {"write_bytes"},  # in the hidden folder of write_folder
    "mertk/storage/ledger.py": {"unlink"},  # folds that it can read, of the seeds that run again
    "mertk/plugins/scaffold.py": {"unlink"},  # what it has just written, where the rest failed
    "mertk/experiment/executors/workers.py": {"unlink"},  # the token that it has just written
    "mertk/experiment/executors/slurm.py": {
        "unlink"
    },  # what travelled to and from a job of its own
    "mertk/export/layouts.py": {"write_bytes"},  # in the hidden folder of write_folder
    "mertk/export/megc_tree.py": {"copyfile", "link"},  # there, too
    "mertk/export/clip_files.py": {"write_bytes", "save"},  # there, too
    "mertk/audit/noise_clips.py": {"imwrite", "save"},  # in a temporary folder
    "mertk/evaluation/tables.py": {"rename"},  # columns of a table in memory
    "mertk/report/figures.py": {"savefig"},  # to memory
}
"""Who deletes or overwrites by itself, and why it cannot meet a file of somebody else."""

ALWAYS = {
    "rmtree", "unlink", "rmdir", "removedirs", "rename", "renames", "write_text", "write_bytes",
    "savefig", "to_csv", "copyfile", "copytree", "copy2", "move", "imwrite", "VideoWriter", "link",
    "symlink_to", "hardlink_to", "truncate", "touch",
}  # fmt: skip
WITH_OWNER = {("os", "replace"), ("os", "remove"), ("np", "save"), ("np", "savez")}
WRITING = re.compile(r"r?[wax+]+[bt]?\+?")


def writes(node):
    """The name of what deletes or overwrites a file, or is handed on to do so; else empty."""
    if isinstance(node, ast.Attribute):
        owner = node.value.id if isinstance(node.value, ast.Name) else ""
        found = node.attr in ALWAYS or (owner, node.attr) in WITH_OWNER
        return node.attr if found else ""
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "open":
        given = [one.value for one in node.args if isinstance(one, ast.Constant)]
        return "open" if any(WRITING.fullmatch(str(mode)) for mode in given) else ""
    return "open" if isinstance(node, ast.Name) and node.id == "open" else ""


def test_nobody_else_deletes_or_overwrites_files():
    """Whoever writes by itself is listed above with a reason; all others use `atomic_files`."""
    found = {}
    for path in sorted([*ROOT.glob("mertk/**/*.py"), *ROOT.glob("plugins/**/*.py")]):
        names = {writes(node) for node in ast.walk(ast.parse(path.read_text("utf-8")))} - {""}
        if names:
            found[path.relative_to(ROOT).as_posix()] = names
    assert found == WRITERS
