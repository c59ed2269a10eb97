"""Files from anywhere: one line on what they are, and no waiting."""

import os

import pytest

from mertk.core.errors import DataError, ParameterError
from mertk.core.reading import read_file, read_utf8, real_path
from mertk.core.recipe import Recipe, Use, parse_value


def test_a_file_is_read_whole(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfabc")
    assert read_file(tmp_path / "a") == b"\xef\xbb\xbfabc"
    assert read_utf8(tmp_path / "a") == "abc"


def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for path, told in {
        tmp_path: "is a folder",
        tmp_path / "pipe": "is a pipe or a device",
        tmp_path / "none": "No such file",
        tmp_path / "loop": "symbolic links",
        tmp_path / "x\0y": "null",
        tmp_path / ("x" * 300): "File name too long",
    }.items():
        with pytest.raises(DataError, match=told):
            read_file(path)


def test_a_limit_is_told(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    assert read_file(tmp_path / "a", 5) == b"12345"
    with pytest.raises(DataError, match="5 bytes; at most 4 are read"):
        read_file(tmp_path / "a", 4)


def test_text_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "a").write_bytes(b"\xfc")
    with pytest.raises(DataError, match="not UTF-8"):
        read_utf8(tmp_path / "a")


def test_links_in_a_circle_have_a_path(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    assert real_path(tmp_path / "loop" / "x").name == "x"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.toml", "classifier = " + "[" * 100_000, "nested too deeply"),
        ("a.json", '{"classifier": ', "Expecting value"),
        ("a.json", '{"classifier": {"name": "svm", "C": NaN}}', "must be JSON values"),
        ("a.json", "[1]", "needs at least a classifier"),
        ("a.json", '{"classifier": ' + "9" * 5000 + "}", "a.json"),
        ("a.toml", "classifier = \n", "Invalid value"),
    ],
)
def test_a_broken_recipe_is_one_error_that_names_the_file(tmp_path, name, content, told):
    (tmp_path / name).write_text(content)
    with pytest.raises(ParameterError, match=told) as failed:
        Recipe.load(tmp_path / name)
    assert str(failed.value).startswith(str(tmp_path / name))


@pytest.mark.parametrize("text", ["9" * 5000, "[" * 100_000, "[/b]"])
def test_a_value_that_is_no_json_is_text(text):
    assert parse_value(text) == text


def test_parameters_that_are_nested_too_deeply_are_refused():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ParameterError, match="must be JSON values"):
        Use("svm", C=deep)
