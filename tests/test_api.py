"""The public API changes on purpose only: tests/api.txt and CHANGELOG.md tell of it."""

import re

import pytest
from public_api import CHANGELOG, FILE, ROOT, faults, lines, loaded, options, sections, untold
from test_examples import module as load_file

import mertk

api_pages = load_file(ROOT / "docs" / "api_pages.py")

RELEASED = "# Changelog\n\n{unreleased}## 0.1.0\n\n- All of it.\n"
UNRELEASED = "## 0.2.0 (unreleased)\n\n- {}\n\n"


def test_the_public_api_is_the_promised_one():
    new = [*lines(), *options()]
    assert faults(FILE.read_text(), new, CHANGELOG.read_text()) == []


def test_every_public_name_has_a_line():
    names = {re.split(r"[^\w]", line)[0] for line in lines()}
    assert set(mertk.__all__) <= names


def test_every_public_name_is_on_one_reference_page_with_its_docstring():
    grouped = [name for _, names in api_pages.GROUPS.values() for name in names.split()]
    modules = [module.removeprefix("mertk.") for module in api_pages.MODULES]
    assert sorted([*grouped, "metrics", "plots"]) == sorted(mertk.__all__)
    assert {"metrics", "plots"} <= set(modules)
    assert set(mertk.PUBLIC_MODULES) <= set(api_pages.MODULES)
    module = loaded()
    for name in mertk.__all__:
        home = module[name].final_target if module[name].is_alias else module[name]
        assert home.has_docstring, f"{home.path} has no docstring, and would not be shown"


def test_a_page_of_a_module_shows_all_its_public_names():
    pages = api_pages.make_pages()
    shown = re.search(r"members: \[(.*)\]", pages["reference/api/metrics.md"])[1].split(", ")
    assert {"uf1", "uar"} <= set(shown)
    assert set(api_pages.list_paths()) == set(pages)
    for module in api_pages.MODULES:
        page = pages[f"reference/api/{module.removeprefix('mertk.')}.md"]
        assert "members: []" not in page, module


def test_the_latest_section_of_the_changelog_is_the_version():
    assert sections(CHANGELOG.read_text())[0][0] == mertk.__version__


PACKAGE = '''
from dataclasses import dataclass

__all__ = ["Kept", "bench", "Other"]

def bench(models: list[str], *, seeds: int = 0) -> None: ...

class Kept:
    """A class."""

    size: int = 3

    def __init__(self, *, name: str) -> None: ...
    def look(self, at: int) -> str: ...
    @property
    def person(self) -> str: ...
    def _own(self) -> None: ...

@dataclass
class Other:
    """A dataclass."""

    size: int = 3

def unlisted() -> None: ...
'''
HOOKS = '''
@hookspec
def mertk_run_done(run: dict) -> None:
    """A hook."""
'''


@pytest.fixture
def api(tmp_path):
    """The API of a small package named mertk, with a text of it exchanged."""

    def read(old="", new=""):
        folder = tmp_path / str(len(list(tmp_path.iterdir()))) / "mertk"
        folder.mkdir(parents=True)
        assert old in PACKAGE + HOOKS
        (folder / "__init__.py").write_text(PACKAGE.replace(old, new) if old else PACKAGE)
        (folder / "plugins").mkdir()
        (folder / "plugins" / "__init__.py").write_text("")
        (folder / "plugins" / "hooks.py").write_text(HOOKS.replace(old, new) if old else HOOKS)
        return lines(folder.parent)

    return read


CHEATS = {
    "a changed default": ("seeds: int = 0", "seeds: int = 1", "bench"),
    "a renamed parameter": ("models: list[str]", "names: list[str]", "bench"),
    "a parameter that is no longer by keyword": (" *, seeds", " seeds", "bench"),
    "a new parameter": ("seeds: int = 0", "seeds: int = 0, more: int = 0", "bench"),
    "another type": ("models: list[str]", "models: set[str]", "bench"),
    "another return type": ("at: int) -> str", "at: int) -> int", "Kept.look"),
    "a removed name": ('"bench", ', "", "bench"),
    "a new name": ('"Other"]', '"Other", "unlisted"]', "unlisted"),
    "a renamed method": ("def look", "def see", "Kept.look Kept.see"),
    "a method that hides": ("def look", "def _look", "Kept.look"),
    "a removed property": ("@property\n    def person", "def _person", "Kept.person"),
    "a constructor": ("*, name: str", "*, title: str", "Kept"),
    "a class attribute": ("    size: int = 3\n\n    def", "    size: int = 4\n\n    def", "Kept.size"),
    "a dataclass field": ("dataclass.", 'dataclass."""\n    more: int = 1\n    """', "Other Other.more"),
    "a hook": ("run: dict", "of: dict", "hooks.mertk_run_done"),
}  # fmt: skip


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_change_is_caught_unless_the_changelog_tells(cheat, api):
    old, new, names = CHEATS[cheat]
    before, after = "\n".join(["# mertk 0.1.0", *api()]), api(old, new)
    silent = RELEASED.format(unreleased="")
    found = faults(before, after, silent)
    assert [fault.split("`")[1] for fault in found] == names.split()
    vague = RELEASED.format(unreleased=UNRELEASED.format(names))
    assert faults(before, after, vague) == found  # not in backticks
    told = " and ".join(f"`mertk.{name}(…)`" for name in names.split())
    assert faults(before, after, RELEASED.format(unreleased=UNRELEASED.format(told))) == []
    with_old = silent + f"\n## 0.0.1\n\n- {told}\n"
    assert faults(before, after, with_old) == found  # told of another release


@pytest.mark.parametrize("change", [("...\n\nclass", "pass\n\nclass"), ("_own", "_mine"),
                                    ("unlisted", "listed"), ("A class", "Another class")])  # fmt: skip
def test_what_is_not_public_may_change(change, api):
    assert api(*change) == api()


def test_a_class_speaks_for_its_members_only_where_it_is_new_or_gone():
    old = ["A(x: int)", "A.b: int"]
    assert untold(old, [], "`A`") == []
    assert untold([], old, "`A`") == []
    assert untold(old, ["A(x: int)", "A.b: str"], "`A`") == ["A.b"]


@pytest.mark.parametrize("told", ["`--jobs`", "`mertk bench --jobs`", "`mertk bench --jobs 3`"])
def test_an_option_is_told_by_itself_or_behind_its_command(told):
    old = ["mertk bench --jobs: --jobs, Int"]
    assert untold(old, ["mertk bench --jobs: --jobs, Int, required"], told) == []
    assert untold(old, [], told) == []
    assert untold(old, [], "`mertk audit --jobs`") == ["mertk bench --jobs"]


def test_options_have_their_choices_and_defaults():
    found = options()
    assert "mertk bench --device: --device, String, default 'cpu'" in found
    assert (
        "mertk bench --keyframes: --keyframes, ('given', 'estimated', 'none'), default 'given'"
        in found
    )
    assert "mertk bench --fresh: --fresh/--resume, Bool" in found


def test_before_the_first_release_the_file_follows_every_change(api):
    making = "## 0.1.0 (unreleased)\n\n- `bench`\n"
    now = api()
    assert faults("\n".join(["# mertk 0.1.0", *now]), now, making) == []
    changed = faults("\n".join(["# mertk 0.1.0", *now[1:]]), now, making)
    assert len(changed) == 1
    assert "public_api.py" in changed[0]


def test_a_release_writes_the_file(api):
    old = "\n".join(["# mertk 0.1.0", *api()])
    released = "## 0.2.0\n\n- `bench`\n\n" + RELEASED.format(unreleased="")
    assert "should be '# mertk 0.2.0'" in faults(old, api(), released)[0]


def test_the_package_here_is_the_one_that_is_read():
    assert mertk.__file__.startswith(str(ROOT))
