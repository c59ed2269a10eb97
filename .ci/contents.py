"""The built wheel and sdist hold what they should, and nothing else: `python .ci/contents.py dist`.

The wheel has the files of both packages, the sdist all files of the repository, as git knows them.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {
    "mertk/": "mertk/",
    "plugins/mertk_plugins/": "mertk_plugins/",
    "plugins/mertk_observers/": "mertk_observers/",
}
"""Folders of the repository → where they are in the wheel."""

NEEDED = (
    "mertk/py.typed",
    "mertk/report/page.html.j2",
    "mertk/report/published.csv",
    "mertk/plugins/templates/extractor.py.txt",
    "mertk/plugins/templates/package/pyproject.toml.txt",
    "mertk_plugins/datasets/_casme2_repairs.csv",
    "mertk_plugins/models/lbptop.py",
    "mertk_plugins/protocols/label_maps.toml",
    "mertk_plugins/py.typed",
    "mertk_observers/mlflow.py",
)
"""One file of each sort, should git ever say that there are none."""


def in_wheel(tracked: Collection[str]) -> set[str]:
    """The files of the repository that belong into the wheel, by their names there."""
    return {
        there + name.removeprefix(here)
        for name in tracked
        for here, there in PACKAGES.items()
        if name.startswith(here)
    }


def differences(what: str, expected: Collection[str], found: Collection[str]) -> Iterator[str]:
    """What lacks, and what should not be there."""
    for name in sorted({*expected} - {*found}):
        yield f"{what}: {name} is not in it"
    for name in sorted({*found} - {*expected}):
        yield f"{what}: {name} should not be in it"


def problems(dist: Path, tracked: Collection[str]) -> Iterator[str]:
    """All that is wrong with the one wheel and the one sdist in a folder."""
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    whole = zipfile.ZipFile(wheel).namelist()
    files = [name for name in whole if ".dist-info/" not in name]
    about = [name.partition(".dist-info/")[2] for name in whole if ".dist-info/" in name]
    yield from differences(wheel.name, {*in_wheel(tracked), *NEEDED}, files)
    parts = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    yield from differences(f"{wheel.name}, about", parts, about)
    with tarfile.open(sdist) as tar:
        members = [entry.name.partition("/")[2] for entry in tar if entry.isfile()]
    yield from differences(sdist.name, {*tracked, "PKG-INFO"}, members)


def known_to_git() -> set[str]:
    """The files of the repository that git does not ignore."""
    told = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {name for name in told.stdout.split("\0") if name and (ROOT / name).is_file()}


if __name__ == "__main__":
    wrong = list(problems(Path(sys.argv[1]), known_to_git()))
    sys.exit("\n".join(wrong) or None)
