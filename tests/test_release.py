"""What is released: the contents of what is built, the tag, and the workflows that do it."""

import io
import re
import tarfile
import tomllib
import zipfile

import pytest
import yaml
from test_examples import ROOT, module

contents = module(ROOT / ".ci" / "contents.py")
tag = module(ROOT / ".ci" / "tag.py")
SOURCES = {
    *(there.replace("mertk_plugins/", "plugins/mertk_plugins/") for there in contents.NEEDED)
}
TRACKED = {*SOURCES, "README.md", "tests/test_release.py", "benchmarks/flow.py"}
ABOUT = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")


@pytest.fixture
def built(tmp_path):
    """Writes a wheel and an sdist of empty files, with some more or less than there should be."""

    def build(*, more=(), less=(), sdist=TRACKED):
        with zipfile.ZipFile(tmp_path / "mertk-1.whl", "w") as wheel:
            about = [f"mertk-1.dist-info/{name}" for name in ABOUT]
            for name in [*(n for n in contents.NEEDED if n not in less), *more, *about]:
                wheel.writestr(name, "")
        with tarfile.open(tmp_path / "mertk-1.tar.gz", "w:gz") as tar:
            for name in [*sdist, "PKG-INFO"]:
                tar.addfile(tarfile.TarInfo(f"mertk-1/{name}"), io.BytesIO())
        return list(contents.problems(tmp_path, TRACKED))

    return build


def test_the_packages_make_the_wheel_and_the_repository_the_sdist(built):
    assert built() == []


@pytest.mark.parametrize("name", contents.NEEDED)
def test_a_file_that_the_wheel_lacks_is_named(built, name):
    assert built(less=[name]) == [f"mertk-1.whl: {name} is not in it"]


@pytest.mark.parametrize("name", ["tests/test_release.py", "benchmarks/flow.py", "runs/a.json"])
def test_what_does_not_belong_into_the_wheel_is_named(built, name):
    assert built(more=[name]) == [f"mertk-1.whl: {name} should not be in it"]


def test_the_sdist_has_no_file_that_git_does_not_know(built):
    assert built(sdist={*TRACKED, ".cache/x"}) == ["mertk-1.tar.gz: .cache/x should not be in it"]
    assert built(sdist=TRACKED - {"README.md"}) == ["mertk-1.tar.gz: README.md is not in it"]


INIT = '"""mertk."""\n__version__ = "0.2.0"\n'
CHANGELOG = "# Changelog\n\n## 0.2.0 (2026-12-01)\n\n- New.\n\n## 0.1.0 (2026-11-30)\n"


def test_a_release_has_the_tag_of_its_version_and_a_section_in_the_changelog():
    assert list(tag.problems("v0.2.0", INIT, CHANGELOG)) == []


def test_another_tag_is_refused():
    (found,) = tag.problems("v0.1.0", INIT, CHANGELOG)
    assert "the tag must be v0.2.0" in found


@pytest.mark.parametrize("heading", ["## 0.2.0 (unreleased)", "## 0.20 (2026-12-01)", "## 0.2.0"])
def test_a_version_without_a_section_of_its_day_is_refused(heading):
    changelog = CHANGELOG.replace("## 0.2.0 (2026-12-01)", heading)
    (found,) = tag.problems("v0.2.0", INIT, changelog)
    assert "'## 0.2.0 (YYYY-MM-DD)'" in found


@pytest.fixture(params=["ci", "release"])
def workflow(request):
    return yaml.safe_load((ROOT / ".github" / "workflows" / f"{request.param}.yml").read_text())


def test_workflows_may_read_and_nothing_else_but_publish_without_a_token(workflow):
    assert workflow["permissions"] == {"contents": "read"}
    more = {
        name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job
    }
    assert more in ({}, {"publish": {"id-token": "write"}})
    assert "secrets." not in str(workflow)
    assert "password" not in str(workflow)


def test_actions_are_those_of_a_major_version(workflow):
    uses = [
        step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step
    ]
    assert uses
    assert all(re.fullmatch(r"[\w./-]+@(v\d+|release/v\d+)", one) for one in uses)


def test_what_is_published_has_been_looked_into_and_tried():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())["jobs"]
    runs = " ".join(step.get("run", "") for step in jobs["build"]["steps"])
    for needed in (".ci/tag.py", "-m build", ".ci/contents.py dist", ".ci/wheel"):
        assert needed in runs
    assert jobs["publish"]["needs"] == "build"
    assert jobs["publish"]["environment"] == "pypi"


def test_every_python_that_is_promised_is_tested():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    promised = {
        line.rpartition(" ")[2] for line in project["classifiers"] if "Python :: 3." in line
    }
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    assert set(jobs["newest"]["strategy"]["matrix"]["python"]) == promised
    lowest = " ".join(step.get("run", "") for step in jobs["lowest"]["steps"])
    assert "--resolution lowest-direct" in lowest
    assert project["requires-python"] == f">={jobs['lowest']['steps'][1]['with']['python-version']}"
