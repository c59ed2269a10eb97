"""What README and docs show runs as it stands there; tests/pages.py tries it."""

import re

import pytest
from pages import (
    FOREIGN_OPTIONS,
    GIVEN,
    PARSED_ONLY,
    PROGRAMS,
    ROOT,
    Block,
    Broken,
    Trial,
    blocks,
    commands,
    inline,
    page_files,
    pages,
    required,
    span_fault,
    stale,
    why_parsed_only,
)

import mertk

PAGES = {page: found for page, found in pages().items() if found}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_does_what_it_shows(page, tmp_path):
    trial = Trial(tmp_path / "page")
    for block in PAGES[page]:
        trial.block(block)


def test_there_are_blocks():
    assert {"README.md", "CONTRIBUTING.md", "docs/tutorial/first-plugin.md"} <= set(PAGES)
    assert sum(len(found) for found in PAGES.values()) > 40


def shown():
    """Every command and python block of all pages, as `PARSED_ONLY` sees it."""
    for block in [block for found in PAGES.values() for block in found]:
        if block.language == "python":
            yield block.text
        elif block.language in {"console", "bash"}:
            yield from (
                " ".join(words[1:]) for words in commands(block.text) if words[0] == "mertk"
            )


def test_what_is_only_parsed_is_on_the_pages():
    assert stale(shown()) == set()


def test_a_pattern_that_fits_nothing_is_stale():
    assert stale(["list", "show model lbptop"]) == set(PARSED_ONLY)
    assert "--oracle-gap" not in stale(["bench --model lbptop --oracle-gap"])


def test_what_is_given_is_on_the_pages():
    text = "\n".join(file.read_text() for file in page_files())
    assert [name for name in GIVEN if name not in text] == []
    assert [name for name in FOREIGN_OPTIONS if f"`{name}" not in text] == []
    called = {
        words[0]
        for found in PAGES.values()
        for block in found
        if block.language == "console"
        for words in commands(block.text)
    }
    assert set(PROGRAMS) - called == set()


@pytest.mark.parametrize("file", page_files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_commands_options_names_and_files_in_running_text_exist(file):
    wrong = [(span, fault) for span in inline(file.read_text()) if (fault := span_fault(span))]
    assert wrong == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_of_pages_outside_the_site_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text()):
        assert (ROOT / target).exists(), target


def test_the_readme_shows_the_same_plugin_as_the_tutorial():
    readme, tutorial = (
        next(b.text for b in PAGES[page] if "class MeanChange" in b.text)
        for page in ("README.md", "docs/tutorial/first-plugin.md")
    )
    assert readme.split("@mertk")[0] == tutorial.split("@mertk")[0]


PLUGIN = '''
import mertk
class Shown:
    """Brightness."""
    def extract(self, faces, regions):
        {body}
@mertk.hookimpl
def mertk_register(register):
    register.extractor("shown_one", Shown)
'''

CHEATS = {
    "an unknown language": ("", "anything", "is no language"),
    "another language": ("ruby", "puts 1", "is no language"),
    "a python block that raises": ("python", "1 / 0", "ZeroDivisionError"),
    "a python block that is none": ("python", "import import", "SyntaxError"),
    "a name that mertk lacks": ("python", "import mertk\nmertk.Faecs", "Faecs"),
    "a plug-in that raises": ("python", PLUGIN.format(body="1 / 0"), "division by zero"),
    "a plug-in that registers nothing": (
        "python", "import mertk\n@mertk.hookimpl\ndef mertk_register(register): pass", "nothing",
    ),
    "a toml block that is none": ("toml", "a = = 1", "TOMLDecodeError"),
    "a json block that is none": ("json", "{", "JSONDecodeError"),
    "an unknown command": ("console", "mertk bnech", "bnech"),
    "an unknown option": ("console", "mertk bench --model lbptop --modle x", "--modle"),
    "a value that is none": ("console", "mertk bench --model lbptop --device gpu", "'gpu'"),
    "an unknown model that would run": ("console", "mertk bench --model lbptpo", "lbptpo"),
    "an unknown thing to show": ("console", "mertk show model lbptpo", "lbptpo"),
    "an unknown program": ("console", "conda install mertk", "conda"),
    "an unknown extra": ("console", "pip install '.[everything]'", "everything"),
    "another package": ("console", "pip install mertkk", "mertkk"),
    "a package that nobody wrote": ("console", "pip install mertk-mean-flow", "mertk-mean-flow"),
    "an unknown module": ("console", "python -m benchmarks_that_are_not", "benchmarks_that"),
    "a pipe": ("console", "mertk list | head", "only &&"),
    "a run that fails": ("console", "mertk score nowhere.txt", "exit code 2"),
    "a second command": ("console", "mertk list model && mertk lsit", "lsit"),
}  # fmt: skip


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_is_caught(cheat, tmp_path):
    language, text, says = CHEATS[cheat]
    with pytest.raises(Broken, match=re.escape(says)) as caught:
        Trial(tmp_path).block(Block("page.md", 7, language, text))
    assert "page.md:7" in str(caught.value)


ONLY_PARSED = "--data casme2=/data/CASME2"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"mertk bench --model lbptpo --dataset casme2 {ONLY_PARSED}", "lbptpo"),
        (f"mertk bench --model lbptop --baseline nothing {ONLY_PARSED}", "nothing"),
        (f"mertk bench --model lbptop:papr {ONLY_PARSED}", "papr"),
        (f"mertk bench --model lbptop --swap extractor=nothing {ONLY_PARSED}", "nothing"),
        (f"mertk bench --model lbptop --swap nowhere=lbptop {ONLY_PARSED}", "nowhere"),
        (f"mertk bench --model lbptop --set extractor.nothing=1 {ONLY_PARSED}", "nothing"),
        (f"mertk bench --model lbptop --sweep extractor.nothing=1,2 {ONLY_PARSED}", "nothing"),
        (f"mertk bench --model lbptop --replay nothing {ONLY_PARSED}", "nothing"),
        (f"mertk bench --model lbptop --dataset casme7 {ONLY_PARSED}", "casme7"),
        (f"mertk bench --model lbptop --dataset casme2:nothing=1 {ONLY_PARSED}", "nothing"),
        (f"mertk bench --model lbptop --protocol casme2_6 {ONLY_PARSED}", "casme2_6"),
        (f"mertk bench --model lbptop --executor ray {ONLY_PARSED}", "ray"),
        (f"mertk bench --model lbptop --plan --jobs x {ONLY_PARSED}", "--jobs"),
        ("mertk audit --model lbptpo", "lbptpo"),
        ("mertk audit --model lbptop --swap extractor=nothing", "nothing"),
        ("mertk audit --model lbptop --probe nothing", "nothing"),
        ("mertk audit --model lbptop --protocol casme2_6", "casme2_6"),
        ("mertk data prepare casme7 --out /data/x", "casme7"),
        ("mertk data prepare casme2 --out /data/x --aligner nothing", "nothing"),
        ("mertk data prepare casme2 --out /data/x --flow nothing", "nothing"),
        ("mertk data prepare casme2 --out /data/x --protocol casme2_6", "casme2_6"),
        ("mertk data check casme7 --data /data/x", "casme7"),
        ("mertk data check casme2 --data /data/x --frames some", "some"),
        ("mertk data add casme7 /data/x", "casme7"),
        ("mertk list model /data/x", "unexpected extra argument"),
        ("mertk new extractor x --out /data/mertk-tests", "runs to its end"),
    ],
)
def test_a_cheat_in_what_is_only_parsed_is_caught(line, says, tmp_path, monkeypatch):
    if "runs to its end" in says:  # what can be run to its end must not be on the list
        line = line.replace("/data/mertk-tests", f"{tmp_path}/data/new")
    assert why_parsed_only(line.removeprefix("mertk "))
    with pytest.raises(Broken, match=re.escape(says)):
        Trial(tmp_path).block(Block("page.md", 1, "console", line))


def test_what_is_only_parsed_passes_where_it_is_right(tmp_path):
    lines = f"mertk bench --model ststnet --baseline lbptop --dataset casme2 {ONLY_PARSED} --plan"
    Trial(tmp_path).block(Block("page.md", 1, "console", lines))


def test_blocks_of_a_page_share_a_folder_and_a_namespace(tmp_path):
    trial = Trial(tmp_path / "page")
    texts = (
        "from pathlib import Path\na = 1",
        "Path('kept.txt').write_text('x')",
        "assert a == 1 and Path('kept.txt').read_text() == 'x'",
    )
    for text in texts:
        trial.block(Block("page.md", 1, "python", text))


def test_blocks_are_found_with_their_place():
    text = "a\n\n```python\nx = 1\n```\n\n- b\n\n    ```console\n    mertk list\n    ```\n"
    assert blocks("page.md", text) == [
        Block("page.md", 4, "python", "x = 1\n"),
        Block("page.md", 10, "console", "mertk list\n"),
    ]


def test_a_block_that_is_never_closed_is_caught():
    with pytest.raises(Broken, match="page.md: .* never closed: x = 1"):
        blocks("page.md", "```python\nx = 1\n")


@pytest.mark.parametrize(
    "span",
    [
        "mertk bnech",
        "mertk data chekc x",
        "mertk list --modle",
        "mertk bench --model x --modle=y",
        "--modle x",
        "mertk lsit x",
        "mertk.Faecs",
        "mertk.testing.chekc(subject)",
        "mertk/apxe.py",
        "tests/nothing.py",
        "python -m benchmarks_that_are_not",
    ],
)
def test_a_cheat_in_running_text_is_caught(span):
    assert span_fault(next(inline(f"Give `{span}` here.")))


def test_registered_names_in_running_text_exist():
    known = {entry.name for entry in mertk.load_plugins().registry}
    known |= {"model"}  # the folder that `mertk train --out model` writes
    for file in page_files():
        for name in re.findall(r"--(?:model|baseline) ([a-z_]+\b)(?!\.)", file.read_text()):
            assert name in known, f"{file}: {name}"


def test_requirements_are_read():
    assert any(one.startswith("pytest>") for one in required())
