"""The code in README and docs runs as it stands there."""

import re
from pathlib import Path

import pytest

import mertk

ROOT = Path(__file__).parents[1]
TOYS = Path(__file__).parent / "toys.py"


def python_blocks(path):
    return re.findall(r"```python\n(.*?)```", (ROOT / path).read_text(), re.DOTALL)


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial/first-plugin.md"])
def test_the_plugin_shown_can_be_benched(page, tmp_path):
    code = next(block for block in python_blocks(page) if "class MeanChange" in block)
    file = tmp_path / "mean_change.py"
    file.write_text(code)
    plugins = mertk.load_plugins([TOYS, file])
    assert plugins.broken == {}
    results = mertk.bench(
        ["toy_model"],
        dataset="toy",
        swaps=[("extractor", [mertk.Use("mean_change", percentile=50)])],
        plugins=plugins,
        out=tmp_path / "runs",
        jobs=1,
    )
    assert 0 <= results.table()["UF1"][0] <= 1


def test_the_readme_shows_the_same_plugin_as_the_tutorial():
    readme, tutorial = (
        next(b for b in python_blocks(page) if "class MeanChange" in b)
        for page in ("README.md", "docs/tutorial/first-plugin.md")
    )
    assert readme.split("@mertk")[0] == tutorial.split("@mertk")[0]


@pytest.mark.slow
def test_the_readme_python_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = next(block for block in python_blocks("README.md") if "mertk.bench" in block)
    exec(code, {})  # noqa: S102
    assert "flow_svm" in capsys.readouterr().out


def test_every_registered_name_in_the_docs_exists():
    registry = mertk.load_plugins().registry
    known = {entry.name for entry in registry}
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        text = page.read_text()
        for name in re.findall(r"--(?:model|baseline) ([a-z_]+)", text):
            assert name in known, f"{page}: {name}"
