"""The site: what is made for it is current, and its checks find what is wrong."""

import re
import sys

import nbformat
import pytest
from test_examples import ROOT

import mertk

DOCS = ROOT / "docs"
sys.path.append(str(DOCS))

import dataset_table  # noqa: E402 - of docs/
import gallery  # noqa: E402
import links  # noqa: E402
import notebook_pages  # noqa: E402

REGISTRY = mertk.load_plugins().registry
BOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))


def test_the_page_of_data_sets_is_current():
    assert dataset_table.make_page() == dataset_table.PAGE.read_text("utf-8"), (
        "run: python docs/dataset_table.py"
    )


def test_every_reader_of_real_files_has_a_row():
    needed = {e.name for e in REGISTRY if e.kind == "dataset"}
    assert needed - {row.name for row in dataset_table.ROWS} == {
        "folder",
        "synthetic",
        "synthetic_long",
        "videos",
    }


def test_the_table_of_data_sets_has_what_was_published():
    row = next(line for line in dataset_table.make_page().splitlines() if "`casme2`" in line)
    assert "| 255 | 26 | 200 | others 99, disgust 63, happiness 32, surprise 28," in row


@pytest.mark.parametrize("row", dataset_table.ROWS, ids=lambda row: row.title)
def test_frame_rates_are_those_of_the_readers(row):
    folder = ROOT / "plugins" / "mertk_plugins" / "datasets"
    shared = {"smic": "_smic_e", "casme3": "_casme3_shared", "casme3_c": "_casme3_shared"}
    names = {
        row.name,
        shared.get(row.name, row.name),
        "_samm_names" if "samm" in row.name else row.name,
    }
    code = "".join((folder / f"{name}.py").read_text("utf-8") for name in names)
    for rate in re.findall(r"\d+", row.fps):
        assert re.search(rf"\b{rate}\.0\b", code), f"{row.title}: {rate}"


def test_a_card_of_the_gallery_spells_out_the_leak_and_both_scores():
    entry = REGISTRY.get("model", "lbpsip")
    text = gallery.make_page([entry], REGISTRY)
    assert "L3: a stage is fitted on data of the test subject" in text
    assert re.search(r"<dt>Ours</dt><dd>UF1 0\.\d{3} \(0\.\d{3}–0\.\d{3}\)", text)
    assert "<dt>Published</dt><dd>" in text
    assert "<small>2014</small>" in text


def test_the_figure_of_a_pipeline_fills_what_learns():
    figure = gallery.draw_pipeline(REGISTRY.get("model", "elbptop").target, REGISTRY)
    classes = re.findall(r'<span class="(\w+)"', figure)
    assert classes == ["pure", "pure", "pure", "learns", "learns"]
    assert "then fusion.0 wpca, then classifier linear_svm" in figure


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("majority", "Floors"),
        ("lbptop", "Hand-crafted features"),
        ("frozen_cnn", "Frozen networks"),
        ("ststnet", "Networks on optical flow"),
        ("icegan", "Networks on frames"),
    ],
)
def test_models_stand_in_their_family(name, family):
    assert gallery.choose_family(REGISTRY.get("model", name), REGISTRY) == family


def test_links_that_lead_nowhere_are_found(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text('<h1 id="top">A</h1><a href="../#no">x</a>', "utf-8")
    (tmp_path / "index.html").write_text(
        '<a href="a/#top">1</a><a href="a/#gone">2</a><img src="no.png"><a href="https://x.org">3</a>',
        "utf-8",
    )
    broken, external = links.check_site(tmp_path)
    assert broken == ["a/index.html: ../#no", "index.html: a/#gone", "index.html: no.png"]
    assert external == ["https://x.org"]


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_notebooks_are_stored_without_outputs_and_install_the_release(path):
    book = nbformat.read(path, as_version=4)
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)
    assert cells[0].source == f'%pip install -q "mertk=={mertk.__version__}"'
    assert "install" in cells[0].metadata["tags"]
    page = notebook_pages.format_notebook(book, path.name)[f"notebooks/{path.stem}.md"]
    assert f"/blob/v{mertk.__version__}/docs/notebooks/{path.name})" in page


def test_a_notebook_is_shown_with_its_outputs():
    book = nbformat.v4.new_notebook()
    cell = nbformat.v4.new_code_cell("1 + 1")
    cell.outputs = [
        nbformat.v4.new_output("display_data", {"text/html": "<progress>"}),
        nbformat.v4.new_output("execute_result", {"text/plain": "2"}),
        nbformat.v4.new_output("execute_result", {"image/png": "AAAA"}),
    ]
    book.cells = [nbformat.v4.new_markdown_cell("# Title\n\nText."), cell]
    pages = notebook_pages.format_notebook(book, "x.ipynb")
    assert "```text\n2\n```" in pages["notebooks/x.md"]
    assert "progress" not in pages["notebooks/x.md"]
    assert pages["notebooks/x-1-2.png"] == b"\0\0\0"
