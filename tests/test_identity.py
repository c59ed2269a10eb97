"""What a result depends on: code, not comments; imports that matter, not releases."""

import importlib
import sys

import pytest

from mertk import identity


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "pkg_under_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "method.py").write_text(
        '"""Doc."""\n\nclass Method:\n    """Doc."""\n    def run(self):\n'
        "        from pkg_under_test import _half\n        return _half.value\n"
    )
    (folder / "_half.py").write_text("value = 1\n")
    (folder / "other.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [n for n in sys.modules if n.startswith("pkg_under_test")]:
        del sys.modules[name]


def hashed():
    for cache in (identity._hash_of, identity._tree, identity._normalised, identity._locate):
        cache.cache_clear()
    return identity.source_hash(importlib.import_module("pkg_under_test.method").Method)


def test_comments_and_docstrings_do_not_count(package):
    before = hashed()
    file = package / "method.py"
    file.write_text("# a comment\n" + file.read_text().replace('"""Doc."""', '"""Other."""'))
    assert hashed() == before


@pytest.mark.parametrize(("name", "counts"), [("method", True), ("_half", True), ("other", False)])
def test_code_counts_where_it_is_imported(package, name, counts):
    before = hashed()
    file = package / f"{name}.py"
    file.write_text(file.read_text() + "more = 2\n")
    assert (hashed() != before) is counts


def test_a_shared_part_of_mertk_that_is_used_counts(package):
    before = hashed()
    file = package / "method.py"
    text = file.read_text() + "import mertk\nsplit = mertk.leave_one_subject_out\n"
    file.write_text(text)
    names = {name for name, _ in identity._imports("pkg_under_test.method", str(file))}
    assert hashed() != before
    identity._tree.cache_clear()
    names = {name for name, _ in identity._imports("pkg_under_test.method", str(file))}
    assert "mertk.splits" in names
