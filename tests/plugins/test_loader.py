"""Plug-ins: found, isolated, without privilege, cheap."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import mertk
from mertk.core.errors import PluginError, UnknownNameError

GOOD = '''
import mertk
class Roi:
    """One region."""
    def locate(self, faces): ...
@mertk.hookimpl
def mertk_register(register):
    register.roi("{name}", Roi)
'''


def plugin(folder, text, name="one.py"):
    file = folder / name
    file.write_text(text)
    return file


def test_a_file_is_a_plugin(tmp_path):
    found = mertk.load_plugins([plugin(tmp_path, GOOD.format(name="mine"))])
    assert found.registry.get("roi", "mine").origin == "one.py"
    assert found.broken == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import nowhere_at_all", "ModuleNotFoundError"),
        ("def (", "SyntaxError"),
        (GOOD.format(name="Not-A-Name"), "is not a name"),
        (GOOD.format(name="x").replace('"""One region."""', "pass"), "has no summary"),
        ("import mertk\n@mertk.hookimpl\ndef mertk_regster(register): ...", "is not a hook"),
        ("import mertk\n@mertk.hookimpl\ndef mertk_register(registrar): ...", "registrar"),
    ],
)
def test_a_broken_plugin_is_reported_and_the_others_work(tmp_path, text, reason):
    good, bad = plugin(tmp_path, GOOD.format(name="good")), plugin(tmp_path, text, "bad.py")
    found = mertk.load_plugins([bad, good])
    assert reason in found.broken[str(bad)]
    assert found.registry.get("roi", "good")


def test_a_name_taken_twice_names_both_and_merges_nothing(tmp_path):
    one = plugin(tmp_path, GOOD.format(name="same"))
    two = plugin(tmp_path, GOOD.format(name="same"), "two.py")
    found = mertk.load_plugins([one, two])
    assert "two.py is already registered by one.py" in found.broken[str(two)]


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(PluginError, match="does not exist"):
        mertk.load_plugins([tmp_path / "none.py"])


def test_unknown_names_suggest_the_nearest(tmp_path):
    found = mertk.load_plugins([plugin(tmp_path, GOOD.format(name="halves"))])
    with pytest.raises(UnknownNameError, match="Did you mean 'halves'"):
        found.registry.get("roi", "halvs")


def test_hiding_the_shipped_entry_point_empties_the_registry(monkeypatch):
    monkeypatch.setenv("MERTK_HIDE", "shipped")
    assert list(mertk.load_plugins().registry) == []


def test_shipped_plugins_have_no_privilege(monkeypatch):
    import mertk_plugins

    shipped = mertk.load_plugins()
    assert shipped.broken == {}
    root = Path(mertk_plugins.__file__).parent
    files = [f for f in sorted(root.glob("*/*.py")) if not f.name.startswith("_")]
    monkeypatch.setenv("MERTK_HIDE", "shipped")
    as_files = mertk.load_plugins(files)
    # Relative imports of private halves need the package; nothing else may.
    names = {(e.kind, e.name) for e in as_files.registry}
    missing = {(e.kind, e.name) for e in shipped.registry} - names
    assert all("relative import" in reason for reason in as_files.broken.values()), as_files.broken
    assert len(missing) == len(as_files.broken)


def run(code, *arguments):
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, env=environment, check=True,
    )  # fmt: skip
    return done.stdout.split()


def test_import_and_help_bring_no_heavy_package():
    heavy = run(
        "import sys, mertk, mertk.cli\n"
        "try: mertk.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print('HEAVY', *[m for m in ('torch','numpy','sklearn','cv2','pandas','matplotlib','scipy')"
        " if m in sys.modules])"
    )
    assert heavy[heavy.index("HEAVY") :] == ["HEAVY"]


def test_loading_all_plugins_brings_no_heavy_package():
    heavy = run(
        "import sys, mertk; p = mertk.load_plugins(); assert p.broken == {}, p.broken\n"
        "print(*[m for m in ('torch','sklearn','cv2','pandas','matplotlib','scipy','skimage','dlib')"
        " if m in sys.modules])"
    )
    assert heavy == []


def test_every_public_name_is_there():
    for name in mertk.__all__:
        assert getattr(mertk, name) is not None


def test_all_is_what_can_be_imported():
    assert sorted(mertk.__all__) == mertk.__all__
    assert set(mertk.__all__) == {*mertk.HOMES}


def test_every_public_module_is_there_after_import_mertk():
    named = run(
        "import operator, mertk\n"
        "for path in mertk.PUBLIC_MODULES:\n"
        "    print(operator.attrgetter(path.removeprefix('mertk.'))(mertk).__name__)"
    )
    assert tuple(named) == mertk.PUBLIC_MODULES
    assert sorted(named) == named


def imported_by(*arguments):
    """The packages that a fresh process has imported when it has done a command."""
    printed = run(
        "import sys, mertk.cli\n"
        "try: mertk.cli.main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code\n"
        "print('IMPORTED', *sys.modules)",
        *arguments,
    )
    return set(printed[printed.index("IMPORTED") + 1 :])


def test_listing_the_components_brings_no_heavy_package():
    heavy = {"torch", "sklearn", "cv2", "pandas", "matplotlib", "scipy", "skimage", "dlib", "av"}
    assert heavy & imported_by("list") == set()


def test_a_run_brings_only_the_packages_that_it_uses(tmp_path):
    dataset = "synthetic:subjects=3,clips=3,frames=6,size=64"
    found = imported_by(
        "bench", "--model", "lbptop", "--dataset", dataset, "--jobs", "1", "--out", str(tmp_path)
    )
    assert "cv2" in found  # which it does use
    unused = {"torch", "sklearn", "scipy.stats", "matplotlib", "skimage.io", "skimage.transform"}
    assert unused & found == set()
