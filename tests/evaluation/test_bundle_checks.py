"""`mertk results verify` refuses, by name, each thing in a shared bundle that does not agree."""

import json
import os
import shutil
from pathlib import Path

import pytest

import mertk
from mertk.audit import shared_results
from mertk.audit.probes import Audit, Verdict
from mertk.cli import main
from mertk.core.errors import StorageError
from mertk.evaluation.bundle_checks import check_bundle
from mertk.evaluation.bundle_files import find_bundles, hash_text
from mertk.evaluation.results_bundle import write_bundle
from mertk.storage.atomic_files import json_text
from mertk.storage.identity import hash_json

TOYS = Path(__file__).parents[1] / "toys.py"


@pytest.fixture(scope="module")
def plugins():
    return mertk.load_plugins([TOYS])


@pytest.fixture(scope="module")
def shared(plugins, tmp_path_factory):
    """Bundles of the toy model and of a floor."""
    root = tmp_path_factory.mktemp("shared")
    mertk.bench(
        ["toy_model", "majority"],
        dataset="toy",
        jobs=1,
        floors=False,
        plugins=plugins,
        out=root / "runs",
    )
    write_bundle(root / "runs", to=root / "results", plugins=plugins)
    return root / "results"


@pytest.fixture
def results(shared, tmp_path):
    return Path(shutil.copytree(shared, tmp_path / "results"))


@pytest.fixture
def folder(results):
    (found,) = results.glob("*/toy_model*")
    return found


def edit(folder, change=None):
    """Change `result.json` as somebody does who knows how it is sealed."""
    file = folder / "result.json"
    about = json.loads(file.read_text())
    del about["checksum"]
    for name in ("clips.csv", "predictions.csv"):
        about["sha256"][name] = hash_text((folder / name).read_text())
    if change:
        change(about)
    file.write_text(json_text({**about, "checksum": hash_json(about)}))


def swap_numbers(folder):
    """Exchange the first two class probabilities of every row."""
    lines = (folder / "predictions.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines[1:]]
    changed = [",".join([*row[:2], row[3], row[2], *row[4:]]) for row in rows]
    (folder / "predictions.csv").write_text("\n".join([lines[0], *changed]) + "\n")


def change_truth(folder):
    text = (folder / "clips.csv").read_text()
    head, first, rest = text.split("\n", 2)
    truth = "0" if first.endswith("1") else "1"
    (folder / "clips.csv").write_text(f"{head}\n{first[:-1]}{truth}\n{rest}")


def test_bundles_as_written_agree(results, plugins):
    for folder in find_bundles(results):
        assert check_bundle(folder, plugins) == []


def test_a_changed_prediction_is_refused(folder, plugins):
    swap_numbers(folder)
    (line,) = check_bundle(folder, plugins)
    assert "predictions.csv is changed: its hash" in line
    edit(folder)
    lines = check_bundle(folder, plugins)
    assert any("scores UF1 value is" in line for line in lines)


def put(*path, value):
    def change(about):
        for name in path[:-1]:
            about = about[name]
        about[path[-1]] = value

    return change


SPOILT = {
    "score": (put("scores", "UF1", "value", value=0.987), "scores UF1 value is 0.987, computed"),
    "interval": (put("scores", "UF1", "low", value=0.987), "scores UF1 low is 0.987, computed"),
    "no score": (put("scores", value={}), "scores does not have the parts"),
    "chance": (put("chance", "UF1", value=[0.0, 0.1]), "chance UF1 0 is 0.0, computed"),
    "clips": (put("counts", "clips", value=7), "counts clips is 7, computed"),
    "clip list": (put("identity", "clip_list", value="0" * 64), "hash of the clip list"),
    "key": (put("key", value="0" * 16), "the key is not that of the identity"),
    "seeds": (put("seeds", value=[0, 9]), "seed 9: 0 of"),
    "no seeds": (put("seeds", value=[]), "0 is no seed of this run"),
    "path": (put("provenance", "device", value="/home/jane"), "provenance.device holds a path"),
    "outside": (put("sha256", "../../x", value="0"), "it names the file ../../x"),
    "type": (put("scores", value=1), "'scores' is missing or of another type"),
    "classes": (put("identity", "classes", value=["a"]), "columns seed, clip, p_a"),
    "format": (put("format", value=99), "has format 99"),
    "protocol": (put("identity", "protocol", "name", value="unheard"), "unheard"),
    "seconds": (put("seconds", value={}), "is damaged"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_what_does_not_agree_is_refused_by_name(folder, plugins, name):
    change, told = SPOILT[name]
    edit(folder, change)
    lines = check_bundle(folder, plugins)
    assert any(told in line for line in lines), lines
    assert all("\n" not in line and str(folder) in line for line in lines)


def test_a_changed_class_is_refused(folder, plugins):
    change_truth(folder)
    edit(folder)
    assert any("hash of the clip list" in line for line in check_bundle(folder, plugins))


def test_an_id_that_may_tell_a_name_is_refused(folder, plugins):
    for name in ("clips.csv", "predictions.csv"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace("toy/p001", "toy/jane"))
    edit(folder)
    assert any(
        "toy/jane" in line and "may tell a name" in line for line in check_bundle(folder, plugins)
    )


def test_a_file_of_another_bundle_is_refused(results, folder, plugins):
    (other,) = results.glob("*/majority*")
    shutil.copy(other / "predictions.csv", folder / "predictions.csv")
    (line,) = check_bundle(folder, plugins)
    assert "predictions.csv is changed: its hash" in line


def break_text(text):
    return lambda folder: (folder / "result.json").write_text(text)


def link_file(folder):
    shutil.move(folder / "clips.csv", folder.parent.parent / "clips.csv")
    (folder / "clips.csv").symlink_to(folder.parent.parent / "clips.csv")


def grow_file(folder):
    with (folder / "result.json").open("r+b") as file:
        file.truncate(2**40)


FILES = {
    "unsealed": (break_text(json_text({"format": 1, "checksum": "0"})), "its checksum is not"),
    "no JSON": (break_text("{"), "is damaged"),
    "deep": (break_text("[" * 200_000), "is damaged"),
    "a list": (break_text("[]"), "holds no JSON object"),
    "NaN": (break_text('{"format": NaN}'), "is damaged"),
    "bytes": (lambda folder: (folder / "clips.csv").write_bytes(b"\xff\xfe"), "is damaged"),
    "link": (link_file, "clips.csv is a link"),
    "pipe": (lambda folder: ((folder / "clips.csv").unlink(), os.mkfifo(folder / "clips.csv")), "clips.csv is not a file"),
    "huge": (grow_file, "bytes; at most 2,097,152 are read"),
    "missing": (lambda folder: (folder / "predictions.csv").unlink(), "predictions.csv is missing"),
    "pickle": (lambda folder: (folder / "model.pkl").write_bytes(b"x"), "model.pkl is no file of"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_not_as_written_are_refused_by_name(folder, plugins, name):
    spoil, told = FILES[name]
    spoil(folder)
    (line,) = check_bundle(folder, plugins)
    assert told in line


def test_a_link_below_the_folder_is_refused(results, tmp_path):
    (tmp_path / "outside").mkdir()
    (results / "more").symlink_to(tmp_path / "outside")
    with pytest.raises(StorageError, match="more is a link"):
        find_bundles(results)


def verify(capsys, *given):
    with pytest.raises(SystemExit) as ended:
        main(["--plugin", str(TOYS), "results", "verify", *map(str, given)])
    return ended.value.code, capsys.readouterr().out.splitlines()


def test_verify_prints_a_line_a_problem_and_ends_with_one(results, folder, capsys):
    assert verify(capsys, "--no-audit", results)[0] == 0
    edit(folder, put("scores", "UF1", "value", value=0.987))
    code, lines = verify(capsys, "--no-audit", results)
    assert code == 1
    assert [line.split()[0] for line in lines] == ["ok", "REFUSED"]
    assert str(folder) in lines[1]


def test_a_leak_that_the_audit_finds_is_refused(results, monkeypatch, capsys):
    found = Audit("m", "p", 1, 1, 1, (Verdict("perturbation", "classifier", "it looks"),))
    monkeypatch.setattr(shared_results, "audit", lambda *_, **__: found)
    code, lines = verify(capsys, results)
    assert code == 1
    assert "the audit finds a perturbation: leak in classifier (it looks)" in lines[-1]


def test_code_that_is_another_one_or_is_named_by_parameters_is_not_run(
    folder, plugins, monkeypatch
):
    monkeypatch.setattr(shared_results, "audit", None)
    identity = json.loads((folder / "result.json").read_text())["identity"]
    identity["components"]["classifier"]["source"] = "0" * 16
    leak, told = shared_results.audit_shared(identity, plugins)
    assert not leak
    assert "the code at hand is another one (classifier toy_nearest)" in told
    identity["recipe"]["classifier"] = {"name": "sklearn", "path": "os.system"}
    assert "name code or files" in shared_results.audit_shared(identity, plugins)[1]
