"""What is built is looked into before it is published."""

import io
import tarfile
import zipfile

import pytest
from test_examples import ROOT, module

contents = module(ROOT / ".ci" / "contents.py")
SOURCES = {
    *(there.replace("mertk_plugins/", "plugins/mertk_plugins/") for there in contents.NEEDED)
}
TRACKED = {*SOURCES, "README.md", "tests/test_contents.py", "benchmarks/flow.py"}
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


@pytest.mark.parametrize("name", ["tests/test_contents.py", "benchmarks/flow.py", "runs/a.json"])
def test_what_does_not_belong_into_the_wheel_is_named(built, name):
    assert built(more=[name]) == [f"mertk-1.whl: {name} should not be in it"]


def test_the_sdist_has_no_file_that_git_does_not_know(built):
    assert built(sdist={*TRACKED, ".cache/x"}) == ["mertk-1.tar.gz: .cache/x should not be in it"]
    assert built(sdist=TRACKED - {"README.md"}) == ["mertk-1.tar.gz: README.md is not in it"]
