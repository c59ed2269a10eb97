"""A new plug-in works as it is written."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import mertk
from mertk.plugins import scaffold
from mertk.plugins.registry import KINDS
from mertk.testing import check_component, find_components

TOYS = Path(__file__).parents[1] / "toys.py"
SWAPPED = ("aligner", "roi", "extractor", "fusion", "classifier", "network")


@pytest.fixture
def made(tmp_path):
    """Writes a plug-in of a kind, and loads it."""

    def make(kind):
        file, _ = scaffold.write_texts(scaffold.make_plugin_files(kind, "mean_flow"), tmp_path)
        plugins = mertk.load_plugins([TOYS, file])
        assert plugins.broken == {}
        return plugins

    return make


@pytest.mark.parametrize("kind", SWAPPED)
def test_a_new_component_can_be_benched(kind, made, tmp_path):
    slot = "classifier" if kind == "network" else kind
    swaps = [(slot, [mertk.Use("mean_flow")])]
    results = mertk.bench(
        ["toy_model"], dataset="toy", swaps=swaps, plugins=made(kind), out=tmp_path / "runs", jobs=1
    )
    assert results.table()["UF1"][0] > 0.9


def test_a_new_data_set_has_clips_that_can_be_told_apart(made, tmp_path):
    results = mertk.bench(
        [mertk.Recipe(
            aligner=mertk.Use("toy_plain"), roi=mertk.Use("toy_halves"),
            extractor=mertk.Use("toy_change"), classifier=mertk.Use("toy_nearest"),
        )],
        dataset="mean_flow", plugins=made("dataset"), out=tmp_path / "runs", jobs=1,
    )  # fmt: skip
    assert results.table()["UF1"][0] > 0.9


def test_a_new_protocol_splits_and_scores(made, tmp_path):
    results = mertk.bench(
        ["toy_model"],
        dataset="toy",
        protocol="mean_flow",
        plugins=made("protocol"),
        out=tmp_path / "runs",
        jobs=1,
    )
    assert results.table()["UF1"][0] > 0.9


def test_a_new_model_is_listed_with_its_card(made):
    registry = made("model").registry
    assert registry.recipe("mean_flow").extractors
    assert registry.get("model", "mean_flow").card.differs


@pytest.mark.parametrize("kind", [*KINDS, scaffold.NETWORK])
def test_a_package_names_its_entry_point_and_is_the_same_component(kind):
    texts = scaffold.make_package_files(kind, "mean_flow", "0.1.0")
    assert 'mean_flow = "mertk_mean_flow"' in texts["mertk-mean-flow/pyproject.toml"]
    one = scaffold.make_plugin_files(kind, "mean_flow")["mean_flow.py"]
    assert texts["mertk-mean-flow/mertk_mean_flow.py"] == one


def test_a_package_is_tested_and_published_by_workflows_without_a_token():
    texts = scaffold.make_package_files("extractor", "mean_flow", "0.1.0")
    flows = {
        Path(path).stem: yaml.safe_load(text)
        for path, text in texts.items()
        if path.endswith(".yml")
    }
    assert flows["test"]["permissions"] == {"contents": "read"}
    publish = flows["publish"]["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["environment"] == "pypi"
    assert not any("password" in str(step) for step in publish["steps"])
    runs = [step["run"] for step in flows["publish"]["jobs"]["build"]["steps"] if "run" in step]
    assert 'ls dist/*-"${GITHUB_REF_NAME#v}".tar.gz' in runs[1]


def test_nothing_is_overwritten(tmp_path):
    texts = scaffold.make_plugin_files("roi", "mean_flow")
    file, test = scaffold.write_texts(texts, tmp_path)
    file.unlink()
    test.write_text("mine")
    with pytest.raises(mertk.StorageError, match="there already"):
        scaffold.write_texts(texts, tmp_path)
    assert test.read_text() == "mine"
    assert not file.exists()


@pytest.mark.parametrize("name", ["Mean", "mean-flow", "2mean", "", "a/b", "mean__flow"])
def test_a_name_that_cannot_be_one_is_refused(name):
    with pytest.raises(mertk.ParameterError, match="small letters"):
        scaffold.make_plugin_files("extractor", name)


def test_an_unknown_kind_is_named_with_those_known():
    with pytest.raises(mertk.UnknownNameError, match="Did you mean 'extractor'"):
        scaffold.make_plugin_files("extracter", "mean_flow")


@pytest.mark.parametrize("kind", [*KINDS, scaffold.NETWORK])
def test_a_new_component_keeps_its_promises(kind, tmp_path):
    file, _ = scaffold.write_texts(scaffold.make_plugin_files(kind, f"new_{kind}"), tmp_path)
    results = [one for subject in find_components(file) for one in check_component(subject)]
    assert [one for one in results if one.verdict == "failed"] == []
    assert sum(one.verdict == "passed" for one in results) > 5


def test_the_test_of_a_new_plugin_passes(tmp_path):
    scaffold.write_texts(scaffold.make_plugin_files("roi", "halves"), tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(tmp_path / "test_halves.py")],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
