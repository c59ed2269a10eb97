"""Tables that other programs read: formulas and markup are text, numbers stay numbers."""

import pytest

from mertk.core.escaping import (
    csv_cell,
    csv_text,
    latex_text,
    markdown_code,
    markdown_text,
    original_cell,
)
from mertk.datasets.spreadsheets import read_csv

FORMULAS = ["=1+1", "=cmd|' /C calc'!A0", "+x", "-x", "@SUM(A1)", "＝1", "'=x", "''+y", "-inf"]
PLAIN = ["sub01", "4+L10", "a=b", "'quoted'", "", "–"]
NUMBERS = ["-1", "-0.5", "+3", "1e-9", "-.5e+3"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_written_as_text_and_read_back_as_it_was(text, tmp_path):
    assert csv_cell(text) == f"'{text}"
    content = csv_text([text], [{text: text}]).encode()
    assert not any(
        line.strip('"').startswith(tuple("=+-@")) for line in content.decode().splitlines()
    )
    assert read_csv(tmp_path, content) == [[text], [text]]


@pytest.mark.parametrize("text", [*PLAIN, *NUMBERS])
def test_other_text_and_numbers_are_written_as_they_are(text):
    assert csv_cell(text) == text
    assert original_cell(text) == text


@pytest.mark.parametrize("value", [-1, -0.25, None, True])
def test_what_is_no_text_is_left_alone(value):
    assert csv_cell(value) is value


@pytest.mark.parametrize("start", ["\t", "\r", "\n"])
def test_cells_that_begin_with_a_tab_or_line_break_are_no_formulas(start):
    assert csv_cell(f"{start}=1") == f"'{start}=1"


def test_a_row_may_lack_columns_and_have_more():
    assert csv_text(["a", "b"], [{"a": -1.5}, {"b": "x,y", "c": 3}]) == 'a,b\n-1.5,\n,"x,y"\n'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("flow_svm", "flow_svm"),
        ("_x_", r"\_x\_"),
        ("a|b", r"a\|b"),
        ("<img src=x onerror=alert(1)>", r"\<img src=x onerror=alert(1)\>"),
        ("[click](javascript:x)", r"\[click\](javascript:x)"),
        ("*bold*\nsecond", r"\*bold\* second"),
        ("=cmd", r"\=cmd"),
        ("# head", r"\# head"),
        ("&lt;", r"\&lt;"),
    ],
)
def test_markdown_shows_text(text, written):
    assert markdown_text(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [("svm:C=1", "`svm:C=1`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("a\nb", "`a b`")],
)
def test_markdown_code_cannot_be_left(text, written):
    assert markdown_code(text) == written


def test_latex_shows_text():
    assert latex_text("50 % of $x_1$ & \\input{y}~^#") == (
        r"50 \% of \$x\_1\$ \& \textbackslash{}input\{y\}\textasciitilde{}\textasciicircum{}\#"
    )
