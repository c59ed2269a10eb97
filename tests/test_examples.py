"""The packages in examples/ are what `mertk new --package` writes, filled in."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

import mertk
from mertk.cli import main
from mertk.plugins import scaffold
from mertk.testing import check_component, find_components

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
KINDS = {"campus": "dataset", "integral_projection": "model"}


def module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def folder(name):
    return EXAMPLES / f"mertk-{name.replace('_', '-')}"


def verdicts(name, data=None):
    found = find_components(folder(name) / f"mertk_{name}.py", data=data)
    return {one.check: one for subject in found for one in check_component(subject)}


@pytest.mark.parametrize("name", KINDS)
def test_an_example_has_the_files_of_a_new_package(name):
    new = scaffold.make_package_files(KINDS[name], name, mertk.__version__)
    for path, text in new.items():
        there = (EXAMPLES / path).read_text()
        if path.endswith(".yml"):
            assert there == text
        if path.endswith(".toml"):
            ours, its = tomllib.loads(there), tomllib.loads(text)
            del ours["project"]["description"], its["project"]["description"]
            assert ours == its


def test_every_example_is_named_here_and_in_the_list_of_examples():
    listed = (EXAMPLES / "README.md").read_text()
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir()} == {
        folder(name).name for name in KINDS
    }
    assert all(f"({folder(name).name})" in listed for name in KINDS)


def test_the_method_keeps_its_promises():
    found = verdicts("integral_projection")
    assert [one for one in found.values() if one.verdict == "failed"] == []
    assert found["runs_a_fold"].verdict == "passed"
    assert found["one_row_per_region"].verdict == "passed"


def test_the_reader_keeps_its_promises_on_files():
    tiny = module(folder("campus") / "tests" / "tiny.py")
    found = verdicts("campus", data=tiny.write)
    assert {one.verdict for one in found.values()} == {"passed"}


def test_the_readers_clips_can_be_benched(tmp_path):
    module(folder("campus") / "tests" / "tiny.py").write(tmp_path)
    plugins = mertk.load_plugins([folder("campus") / "mertk_campus.py"])
    results = mertk.bench(
        ["flow_svm"],
        dataset="campus",
        data=tmp_path,
        swaps=[("aligner", [mertk.Use("none")])],  # there is no face to look for
        plugins=plugins,
        out=tmp_path / "runs",
        floors=False,
        jobs=1,
    )
    assert list(results.table()["clips"]) == [12]
    assert results.synthetic
    assert list(results.classes) == ["disgust", "happiness"]


def test_the_doctor_counts_the_clips_of_a_reader_without_a_survey(tmp_path, capsys):
    module(folder("campus") / "tests" / "tiny.py").write(tmp_path)
    file = folder("campus") / "mertk_campus.py"
    with pytest.raises(SystemExit) as ended:
        main(["--plugin", str(file), "data", "check", "campus", "--data", str(tmp_path)])
    out = capsys.readouterr().out
    assert ended.value.code == 0
    assert "campus was read: 12 expressions of 3 people, all with frames." in out


def test_the_two_parts_of_the_tutorial_make_a_method_with_a_model(tmp_path):
    page = (ROOT / "docs" / "tutorial" / "first-plugin.md").read_text()
    component, model = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    file = tmp_path / "mean_change.py"
    file.write_text(component.partition("@mertk.hookimpl")[0] + model)
    failed = [
        r
        for subject in find_components(file)
        for r in check_component(subject)
        if r.verdict == "failed"
    ]
    assert {one.kind for one in find_components(file)} == {"extractor", "model"}
    assert [one.check for one in failed] == []
