"""Which annotation file and which tree of frames are taken, and what is said of the others."""

import os

import pytest

import mertk
from mertk.datasets import folders

NAMES = ("Set-2019.xlsx", "Set-2014.xlsx")


def explore(root, *files):
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return folders.explore_root("set", root, "Layout.")


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        (("Set-2019 - Copy.xlsx", "deep/down/Set-2019.xlsx"), "deep/down/Set-2019.xlsx"),
        (("Set-2019.csv", "Set-2019.xlsx"), "Set-2019.xlsx"),
        (("a/Set-2019.csv", "b/c/Set-2019.xls"), "b/c/Set-2019.xls"),
        (("Set-2019 (1).xlsx", "Set-2019_fixed.xlsx"), "Set-2019_fixed.xlsx"),
        (("Set-2014.xlsx", "Set-2019.xlsx"), "Set-2019.xlsx"),
        (("Set-2014.xlsx", "Set-2019 - Copy.xlsx"), "Set-2014.xlsx"),
        (("Set-old.csv", "Set-old.xlsx"), "Set-old.xlsx"),
        (("lost+found/Set-2019.xlsx", "Set-2014.xlsx"), "Set-2014.xlsx"),
    ],
)
def test_the_published_file_wins(tmp_path, files, taken):
    found = explore(tmp_path, *files)
    assert folders.choose_sheet("set", found, "set", NAMES, None) == tmp_path / taken


def test_a_spreadsheet_of_another_format_is_named(tmp_path):
    found = explore(tmp_path, "sub/Set-2019.ods")
    with pytest.raises(mertk.DataError, match=r"sub/Set-2019\.ods cannot be read: save it as \.xl"):
        folders.need_sheet("set", found, None, "Layout.")


def test_a_folder_that_cannot_be_read_is_skipped_with_a_note(tmp_path, monkeypatch):
    (tmp_path / "private").mkdir()
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("private"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = explore(tmp_path, "Set-2019.xlsx", "a/1.png")
    assert found.skipped == [f"{tmp_path / 'private'}: cannot be read: Permission denied"]
    assert found.pictured == {tmp_path / "a"}


def test_a_root_that_cannot_be_read_is_an_error(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(mertk.DataError, match="cannot be read: Permission denied"):
        explore(tmp_path, "Set-2019.xlsx")


def make_trees(root, **clips):
    trees = []
    for name, numbers in clips.items():
        keys = {str(number): root / name / str(number) for number in numbers}
        trees.append(folders.Tree(root / name, name, keys))
    return trees


@pytest.mark.parametrize(
    ("clips", "taken"),
    [
        ({"selected": range(9), "cropped": range(9)}, "selected"),
        ({"selected": range(3), "cropped": range(9)}, "cropped"),
        ({"selected": range(50, 99), "cropped": range(2)}, "cropped"),
        ({"selected": range(50, 99)}, None),
    ],
)
def test_the_tree_with_most_annotated_clips_wins(tmp_path, clips, taken):
    found = explore(tmp_path, "a/1.png")

    def covers(tree):
        return sum(str(number) in tree.folders for number in range(9))

    trees, kinds = make_trees(tmp_path, **clips), ("selected", "cropped")
    tree, why = folders.choose_tree("set", found, trees, kinds, "auto", covers=covers)
    assert (tree.kind if tree else None) == taken
    assert bool(why) == (taken is None)
