"""No command deletes, replaces or changes what mertk did not make."""

import os
import re
from pathlib import Path

import click
import pytest

from mertk import cli, load_plugins
from mertk.core.recipe import Recipe
from mertk.datasets import locations
from mertk.storage import audit_record

TOYS = Path(__file__).parents[1] / "toys.py"
BENCH = ("bench", "--model", "toy_model", "--dataset", "toy", "--jobs", "1")
TUNE = (
    "tune", "toy_model", "--param", "classifier.noise=0,1", "--dataset", "toy", "--jobs", "1",
    "--seeds", "0",
)  # fmt: skip

FILES = {
    "bench": ((*BENCH, "--out", "{folder}"), "report.html"),
    "bench --study": ((*BENCH, "--out", "{folder}"), "study.toml"),
    "study plan": (("study", "plan", "smoke", "--out", "{folder}"), "study.toml"),
    "replicate": (
        ("replicate", "smoke", "--no-audit", "--jobs", "1", "--out", "{folder}"),
        "replication.html",
    ),
    "tune": ((*TUNE, "--out", "{folder}"), "report.html"),
    "report": (("report", "runs", "--out", "{folder}/page.html"), "page.html"),
    "compare": (("compare", "runs", "--out", "{folder}"), "compare.tex"),
    "predict": (("predict", "model", "video.mp4", "--out", "{folder}"), "predictions.csv"),
    "spot": (
        ("spot", "--spotter", "flow_peaks", "--spotter", "flow_peaks", "--out", "{folder}"),
        "spots-flow_peaks-2.csv",
    ),
    "submit": (
        ("submit", "megc2023-spotting", "--cas", "spotted.csv", "--out", "{folder}"),
        "cas_pred.csv",
    ),
    "score": (
        ("score", "spotted.csv", "--spotting", "synthetic_long", "--out", "{folder}"),
        "spotting.html",
    ),
    "new": (("new", "roi", "mean_flow", "--out", "{folder}"), "test_mean_flow.py"),
    "new --package": (
        ("new", "roi", "mean_flow", "--package", "--out", "{folder}"),
        "mertk-mean-flow/README.md",
    ),
    "data check": (
        ("data", "check", "synthetic:subjects=1,clips=1", "--html", "{folder}/page.html"),
        "page.html",
    ),
    "data index": (("data", "index", "toy", "--out", "{folder}/table.csv"), "table.csv"),
    "vqa questions": (
        ("vqa", "questions", "synthetic:subjects=1,clips=2", "--out", "{folder}/q.jsonl"),
        "q.jsonl",
    ),
    "vqa answer": (
        ("vqa", "answer", "q.jsonl", "--emotions", "p.csv", "--out", "{folder}/a.jsonl"),
        "a.jsonl",
    ),
    "data annotate": (
        ("data", "annotate", "spots.csv", "--format", "csv", "--out", "{folder}"),
        "index.csv",
    ),
    "audit": (
        ("audit", "--model", "toy_model", "--dataset", "toy", "--quick", "--runs", "{folder}"),
        "audits/{stamp}",
    ),
    "results add": (("results", "add", "runs", "--to", "{folder}"), "toy/x/result.json"),
    "results site": (("results", "site", "runs", "--out", "{folder}"), "index.html"),
}
"""Commands that write files into a folder: their arguments, and a file that they write."""

FOLDERS = {
    "train": ("train", "--model", "toy_model", "--dataset", "toy", "--out", "{folder}"),
    "data prepare": ("data", "prepare", "toy", "--aligner", "none", "--out", "{folder}"),
    "hub pull": ("hub", "pull", "hf:a/b", "--out", "{folder}"),
    "data synth": ("data", "synth", "{folder}", "--set", "subjects=1", "--set", "clips=1"),
}
"""Commands that write a folder as a whole."""

OTHERS = {
    "data add": "edits the configuration file: below",
    "cache": "removes entries: below",
}
"""Commands that change something, but have no option that says where."""

READS = {
    ("--plugin",), ("audit", "data"), ("bench", "data"), ("bench", "file"), ("check", "--data"),
    ("cite", "runs"), ("compare", "runs"), ("data", "add", "folder"), ("data", "agree", "first"),
    ("data", "agree", "second"), ("data", "annotate", "--videos"), ("data", "annotate", "spots"),
    ("data", "changes", "after"), ("data", "changes", "before"), ("data", "check", "--data"),
    ("data", "index", "--data"), ("hub", "push", "folder"), ("predict", "model"),
    ("predict", "videos"), ("replicate", "data"), ("report", "runs"), ("results", "add", "runs"),
    ("results", "site", "folders"), ("results", "verify", "folders"), ("score", "--data"),
    ("score", "--vqa"), ("score", "files"), ("spot", "--model"), ("submit", "--cas"),
    ("submit", "--samm"), ("train", "--runs"), ("vqa", "answer", "--aus"),
    ("vqa", "answer", "--emotions"), ("vqa", "answer", "--spots"), ("vqa", "answer", "asked"),
}  # fmt: skip
"""Options and arguments that are paths, and are read alone."""

WRITES = {
    ("audit", "--runs"), ("bench", "--out"), ("compare", "--out"), ("data", "annotate", "--out"),
    ("data", "check", "--html"), ("data", "index", "--out"), ("data", "prepare", "--out"),
    ("data", "synth", "out"), ("hub", "pull", "--out"), ("new", "--out"), ("predict", "--out"),
    ("replicate", "--out"), ("report", "--out"), ("results", "add", "--to"),
    ("results", "site", "--out"), ("score", "--out"), ("spot", "--elan"), ("spot", "--out"),
    ("study", "plan", "--out"), ("submit", "--out"), ("train", "--out"), ("tune", "--out"),
    ("vqa", "answer", "--out"), ("vqa", "questions", "--out"),
}  # fmt: skip
"""Options and arguments that are written to."""


def arguments(name, folder):
    """The arguments of a command that writes to a folder."""
    given = FILES[name][0] if name in FILES else FOLDERS[name]
    return ("--plugin", str(TOYS), *(text.format(folder=folder) for text in given))


def target(name):
    """A file that a command writes, or would lose, in its folder."""
    if name == "audit":
        plugins = load_plugins([TOYS])
        recipe = plugins.registry.recipe("toy_model")
        stamp = audit_record.file_of(Path(), plugins.registry, Recipe.from_json(recipe.to_json()))
        return FILES[name][1].format(stamp=stamp.name)
    return FILES[name][1] if name in FILES else "index.csv"


def snapshot(folder):
    """What lies in a folder: links, contents, and when they were written."""
    return {
        path.relative_to(folder).as_posix(): (
            os.readlink(path)  # noqa: PTH115  as text
            if path.is_symlink()
            else (path.read_bytes(), path.stat().st_mtime_ns)
            if path.is_file()
            else None
        )
        for path in folder.rglob("*")
    }


def refused(run, name, folder):
    """The one line with which a command is refused before it has done anything."""
    code, out, err = run(*arguments(name, folder))
    assert code == 2, err
    assert not out
    assert err.count("\n") == 1, err
    assert err.startswith("Error: ")
    return err


@pytest.fixture(autouse=True)
def room(tmp_path, monkeypatch):
    """A folder to work in, beside which there is somebody's work."""
    (tmp_path / "room").mkdir()
    (tmp_path / "thesis.tex").write_text("years of work")
    monkeypatch.chdir(tmp_path / "room")
    return tmp_path / "room"


def switches(command, path):
    """Every option and argument of a command that is a path, or is called like one."""
    for one in command.params:
        name = one.name if isinstance(one, click.Argument) else one.opts[-1]
        called = re.search(r"(^|-|_)(out|html|file|folder|dir|runs|path)", name)
        if isinstance(one.type, click.Path) or called:
            yield (*path, name)


def every_switch(group, path=()):
    """Those of a group and all commands below it."""
    yield from switches(group, path)
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from every_switch(command, (*path, name))
        else:
            yield from switches(command, (*path, name))


def test_every_option_that_names_a_place_is_known_as_read_or_written():
    """A new command that writes stands in these tables, and so is tried by the tests below."""
    given = set(every_switch(cli.app))
    assert given - WRITES - READS == set(), "new: put them into WRITES or READS, FILES or FOLDERS"
    assert WRITES - given == set()
    written = {" ".join(path[:-1]) for path in WRITES}
    assert written == {name.partition(" --")[0] for name in {*FILES, *FOLDERS}}


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
def test_a_file_of_somebody_else_survives(run, room, name):
    path = room / "out" / target(name)
    path.parent.mkdir(parents=True)
    path.write_text("years of work")
    (room / "out" / "thesis.tex").write_text("years of work")
    before = snapshot(room.parent)
    refused(run, name, "out")
    assert snapshot(room.parent) == before


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
def test_a_file_in_the_place_of_the_folder_survives(run, room, name):
    (room / "out").write_text("years of work")
    before = snapshot(room.parent)
    refused(run, name, "out")
    assert snapshot(room.parent) == before


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
def test_links_are_not_followed_into_what_they_name(run, room, name):
    (room / "work").mkdir()
    (room / "work" / "thesis.tex").write_text("years of work")
    path = room / "out" / target(name)
    if name in FOLDERS:
        (room / "out").symlink_to("work")
    else:
        path.parent.mkdir(parents=True)
        path.symlink_to(room / "work" / "thesis.tex")
    before = snapshot(room.parent)
    refused(run, name, "out")
    assert snapshot(room.parent) == before


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
@pytest.mark.parametrize("folder", ["..", "../../{parent}", "{parent}", "../room/.."])
def test_the_folder_above_survives(run, room, name, folder):
    path = room.parent / target(name)
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text("years of work")
    before = snapshot(room.parent)
    given = str(room.parent) if folder == "{parent}" else folder.format(parent=room.parent.name)
    refused(run, name, given)
    assert snapshot(room.parent) == before


@pytest.mark.parametrize("folder", [".", "", "..", "/", "../room", "~"])
@pytest.mark.parametrize("name", ["train", "data synth"])
def test_the_folder_that_one_is_in_survives(run, room, name, folder):
    before = snapshot(room.parent)
    refused(run, name, folder)
    assert snapshot(room.parent) == before


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
@pytest.mark.parametrize("folder", ["/proc/out", "x" * 300, f"new/{'x' * 300}"])
def test_where_nothing_can_be_written_is_found_before_the_work(run, room, name, folder):
    refused(run, name, folder)
    assert list(room.iterdir()) == []


@pytest.mark.parametrize("name", ["report", "data check", "data index"])
def test_a_folder_is_no_file(run, room, name):
    (room / "out" / target(name)).mkdir(parents=True)
    assert "is a folder" in refused(run, name, "out")


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("bench", "report.html"), ("data check", "page.html"), ("data index", "table.csv"),
        ("train", "model.json"), ("data prepare", "index.csv"), ("data synth", "SYNTHETIC.txt"),
    ],
)  # fmt: skip
def test_what_mertk_made_is_replaced_until_somebody_edits_or_adds_to_it(run, room, name, made):
    for _ in range(2):
        code, _, err = run(*arguments(name, "out"))
        assert code == 0, err
    path = room / "out" / made
    path.write_text(path.read_text() + "\nmy own remark\n")
    before = snapshot(room.parent)
    assert "was changed after mertk wrote it" in refused(run, name, "out")
    assert snapshot(room.parent) == before


@pytest.mark.parametrize("name", ["train", "data synth"])
def test_a_folder_that_mertk_made_and_somebody_added_to_survives(run, room, name):
    run(*arguments(name, "out"))
    (room / "out" / "notes.txt").write_text("years of work")
    before = snapshot(room.parent)
    assert "notes.txt was not written by mertk" in refused(run, name, "out")
    assert snapshot(room.parent) == before


def test_what_somebody_adds_to_a_prepared_folder_survives(run, room):
    run(*arguments("data prepare", "out"))
    (clip,) = {path.parent for path in list((room / "out").rglob("clip.json"))[:1]}
    (room / "out" / "notes.txt").write_text("years of work")
    (clip / "notes.txt").write_text("years of work")
    assert run(*arguments("data prepare", "out"))[0] == 0
    (clip / "flow.npy").unlink()
    before = snapshot(room)
    code, _, err = run(*arguments("data prepare", "out"))
    assert code == 2
    assert "notes.txt was not written by mertk" in err
    assert snapshot(room) == before


def test_one_kind_of_folder_is_not_replaced_by_another(run, room):
    run(*arguments("data synth", "out"))
    before = snapshot(room)
    assert "is a data set in the layout casme2, not a trained model" in refused(run, "train", "out")
    assert "wrote as a whole" in refused(run, "bench", "out")
    assert snapshot(room) == before


def test_the_report_beside_the_runs_survives(run, room):
    run(*arguments("bench", "out"))
    page = room / "out" / "report.html"
    page.write_text("mine")
    code, _, err = run("--plugin", TOYS, "report", "out")
    assert code == 2
    assert "report.html was changed after mertk wrote it" in err
    assert page.read_text() == "mine"


def test_runs_may_lie_beside_the_files_of_others(run, room):
    (room / "out").mkdir()
    (room / "out" / "thesis.tex").write_text("years of work")
    for more in ((), ("--fresh",)):
        assert run(*arguments("bench", "out"), *more)[0] == 0
    assert (room / "out" / "thesis.tex").read_text() == "years of work"


CACHED = {
    "bench": (*BENCH, "--out", "out"),
    "bench --plan": (*BENCH, "--out", "out", "--plan"),
    "tune": (*TUNE, "--out", "out"),
    "train": FOLDERS["train"],
    "data prepare": FOLDERS["data prepare"],
    "report": ("report", "runs", "--occlusion", "1"),
}
"""Commands that write to the cache."""


@pytest.mark.parametrize("name", CACHED)
@pytest.mark.parametrize("cache", ["thesis.tex", "/proc/cache", "x" * 300, "~/cache"])
def test_a_cache_that_cannot_be_written_is_named_before_the_work(
    run, room, name, cache, monkeypatch
):
    (room / "thesis.tex").write_text("years of work")
    monkeypatch.setenv("MERTK_CACHE", cache)
    given = [text.format(folder="out") for text in CACHED[name]]
    code, _, err = run("--plugin", TOYS, *given)
    assert code == 2
    assert err.count("\n") == 1
    assert "MERTK_CACHE" in err
    assert cache in err
    assert [path.name for path in room.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("given", [("--clear",), ("--prune", "0")])
def test_the_cache_removes_its_entries_alone(run, tmp_path, given):
    run(*arguments("bench", "out"))
    root, key = tmp_path / "cache", "ab" * 32
    others = ["thesis.tex", "ab/thesis.tex", "ab/model.safetensors", f"cd/{key}.safetensors",
              f"ab/{key}.safetensors.old", f"{key}.safetensors"]  # fmt: skip
    for other in others:
        (root / other).parent.mkdir(exist_ok=True)
        (root / other).write_text("years of work")
    (root / "ab" / f"{key}.safetensors").symlink_to(root / "thesis.tex")
    left = root / "ab" / f".mertk-{'0' * 32}"
    left.touch()
    os.utime(left, (0, 0))
    assert len(list(root.glob("??/*"))) > len(others) + 2
    code, out, _ = run("cache", *given)
    assert code == 0
    assert ": 0 entries" in out
    kept = {path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()}
    assert kept == {*others, f"ab/{key}.safetensors"}


@pytest.mark.parametrize("gigabytes", ["nan", "inf", "-inf", "-1", "1e400", "many"])
def test_an_odd_number_of_gigabytes_is_one_line(run, gigabytes):
    code, out, err = run("cache", f"--prune={gigabytes}")
    assert code == 2
    assert not out
    assert re.fullmatch(r"Error: Invalid value for '--prune': .*\n", err)


@pytest.mark.parametrize("option", ["--strength", "--least"])
def test_what_is_not_a_number_is_none_of_a_range(run, option):
    code, _, err = run("predict", "model", "video.mp4", option, "nan")
    assert code == 2
    assert f"Invalid value for '{option}': nan is not a finite number" in err


def test_the_configuration_file_may_be_a_link_and_keeps_what_it_holds(run, room, monkeypatch):
    (room / "dotfiles.toml").write_text('# mine\n[other]\nkey = "value"\n')
    (room / "config.toml").symlink_to("dotfiles.toml")
    monkeypatch.setenv("MERTK_CONFIG", str(room / "config.toml"))
    (room / "casme2").mkdir()
    assert run("data", "add", "casme2", "casme2")[0] == 0
    assert (room / "config.toml").is_symlink()
    assert '# mine\n[other]\nkey = "value"\n' in (room / "dotfiles.toml").read_text()
    assert locations.load_known_folders() == {"casme2": (room / "casme2").resolve()}


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[data", b"years of work"])
def test_a_configuration_file_of_something_else_survives(run, room, monkeypatch, content):
    monkeypatch.setenv("MERTK_CONFIG", str(room / "thesis.tex"))
    (room / "thesis.tex").write_bytes(content)
    code, _, err = run("data", "add", "casme2", ".")
    assert code == 2
    assert "thesis.tex: not " in err
    assert "MERTK_CONFIG" in err or "mend or remove it" in err
    assert (room / "thesis.tex").read_bytes() == content


@pytest.mark.parametrize("place", ["/proc/config.toml", "thesis.tex/config.toml", "x" * 300])
def test_a_configuration_file_that_cannot_be_written_is_named(run, room, monkeypatch, place):
    (room / "thesis.tex").write_text("years of work")
    monkeypatch.setenv("MERTK_CONFIG", place)
    code, _, err = run("data", "add", "casme2", ".")
    assert code == 2
    assert err.count("\n") == 1
    assert "MERTK_CONFIG" in err
    assert (room / "thesis.tex").read_text() == "years of work"


LONG = "x" * 300
LONG_NAMES = [
    ("bench", "--model", LONG), ("bench", "--model", f"{LONG}.toml"),
    ("bench", "--model", "toy_model", "--baseline", LONG),
    ("bench", "--model", "toy_model", "--dataset", LONG),
    ("bench", "--model", "toy_model", "--dataset", "casme2", "--data", LONG),
    ("bench", "--model", "toy_model", "--dataset", "toy", "--protocol", LONG),
    ("bench", "--model", "toy_model", "--dataset", "toy", "--swap", f"roi={LONG}"),
    ("audit", "--model", LONG), ("train", "--model", LONG, "--out", "out"),
    ("check", LONG), ("check", f"{LONG}.py"), ("show", "model", LONG), ("list", LONG),
    ("report", LONG), ("compare", LONG), ("cite", LONG), ("predict", LONG, "video.mp4"),
    ("score", LONG), ("score", "table.csv", "--spotting", LONG),
    ("spot", "--spotter", LONG, "--out", "out"), ("new", "roi", LONG),
    ("spot", "--spotter", "flow_peaks", "--dataset", "casme_sq", "--data", LONG, "--out", "out"),
    ("data", "add", LONG, "."), ("data", "add", "casme2", LONG), ("data", "prepare", LONG, "--out", "o"),
    ("data", "check", "casme2", "--data", LONG), ("data", "index", "casme2", "--data", LONG, "--out", "o"),
    ("data", "synth", "out", "--layout", LONG), ("--plugin", LONG, "list"), (LONG,),
]  # fmt: skip


@pytest.mark.parametrize("given", LONG_NAMES, ids=lambda given: " ".join(given).replace(LONG, "X"))
def test_a_name_of_300_letters_is_one_line(run, room, given):
    code, out, err = run("--plugin", TOYS, *given)
    assert code == 2
    assert not out
    assert err.splitlines()[-1].startswith("Error: ")
    assert sum("Error" in line for line in err.splitlines()) == 1
    assert "Traceback" not in err
    assert list(room.iterdir()) == []
