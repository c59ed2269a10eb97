"""A third party's file passes strict type checks, and its mistakes do not."""

import os
import re
import subprocess
import sys

import pytest
from pages import ROOT, pages

from mertk.plugins import scaffold
from mertk.plugins.registry import KINDS

README = next(b.text for b in pages()["README.md"] if "class MeanChange" in b.text)


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """Runs `mypy --strict` on files outside the repository, against the mertk that is tested."""
    folder = tmp_path_factory.mktemp("typed")

    def run(texts):
        for name, text in texts.items():
            (folder / name).write_text(text)
        return subprocess.run(
            [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", *texts],
            cwd=folder, env=os.environ | {"MYPYPATH": str(ROOT)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


@pytest.mark.slow
def test_the_readmes_plugin_and_new_ones_of_every_kind_pass_strict_type_checks(strict):
    texts = {f"new_{kind}.py": scaffold.make_plugin_files(kind, f"new_{kind}")[f"new_{kind}.py"]
             for kind in (*KINDS, scaffold.NETWORK)}  # fmt: skip
    done = strict({"mean_change.py": README, **texts})
    assert done.returncode == 0, done.stdout
    assert f"{len(KINDS) + 2} source files" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("faces: mertk.Faces", "faces: mertk.Facse", '"mertk.Facse" is not defined'),
        ("mertk.hookimpl", "mertk.hookipml", 'no attribute "hookipml"'),
        ("faces.peak", "faces.paek", 'no attribute "paek"'),
        ("def extract(self, faces: mertk.Faces, regions: mertk.Regions)", "def extract(self)",
         "incompatible type"),
        ("def extract(", "def exract(", "incompatible type"),
        ("register.extractor(", "register.extracter(", 'no attribute "extracter"'),
    ],
)  # fmt: skip
def test_a_mistake_in_a_plugin_is_found(right, wrong, says, strict):
    assert right in README
    # A name of its own: mypy takes a file of the same name, size and second for one it has checked.
    name = re.sub(r"\W+", "_", wrong) + ".py"
    done = strict({name: README.replace(right, wrong)})
    assert done.returncode == 1
    assert says in done.stdout
