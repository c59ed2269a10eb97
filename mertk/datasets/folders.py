"""Where a data set keeps its spreadsheets and its folders of frames, below whatever folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mertk.core.errors import DataError
from mertk.datasets.media.frames import is_picture

SHEETS = (".xlsx", ".xls", ".csv")
"""The file endings of annotation files."""

_LITTER = (".", "~$", "__MACOSX", "@eaDir")
"""Hidden files, locks of open spreadsheets, and what zip programs and file servers leave behind."""


@dataclass(frozen=True, slots=True)
class Found:
    """Every spreadsheet below a root; `leaves` are folders with pictures, or without folders."""

    root: Path
    sheets: tuple[Path, ...]
    leaves: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """What a folder of frames is: the clip `key` in the tree `base`, which is of a `kind`."""

    base: Path
    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Tree:
    """One copy of a data set's frames: its folder, its kind, and its clip folders by key."""

    path: Path
    kind: str
    folders: Mapping[str, Path]


def explore_root(dataset: str, root: Path | None, layout: str) -> Found:
    """List what lies below a root, links included; `layout` says what should be there.

    Raises `DataError` where no root is given, or where it does not exist, is empty or cannot be
    read.
    """
    if root is None:
        raise DataError(
            f"{dataset} needs the folder of the data set: --data {dataset}=FOLDER, or once and "
            f"for all: mertk data add {dataset} FOLDER. {layout}"
        )
    root = Path(root)
    if not root.is_dir():
        raise DataError(f"{dataset}: there is no folder {root}. {layout}")
    if not any(root.iterdir()):
        raise DataError(f"{dataset}: the folder {root} is empty. {layout}")
    sheets: list[Path] = []
    leaves: list[Path] = []
    _walk_folder(root, sheets, leaves, {root.resolve()})
    return Found(root, tuple(sheets), tuple(leaves))


def _walk_folder(folder: Path, sheets: list[Path], leaves: list[Path], seen: set[Path]) -> None:
    inside, pictures = [], False
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(_LITTER):
                    continue
                if entry.is_dir():
                    inside.append(Path(entry.path))
                elif entry.name.lower().endswith(SHEETS):
                    sheets.append(Path(entry.path))
                else:
                    pictures = pictures or is_picture(entry.name)
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror}") from error
    if pictures or not inside:
        leaves.append(folder)
    for path in sorted(inside):
        real = path.resolve() if path.is_symlink() else path
        if real not in seen:  # links may lead in circles
            seen.add(real)
            _walk_folder(path, sheets, leaves, seen)


def group_into_trees(found: Found, place: Callable[[Path], Place | None]) -> list[Tree]:
    """The trees that the folders of frames make up; `place` says what a folder is, or None."""
    grouped: dict[tuple[Path, str], dict[str, Path]] = {}
    for folder in found.leaves:
        at = place(folder)
        if at is not None:
            grouped.setdefault((at.base, at.kind), {}).setdefault(at.key, folder)
    return [Tree(base, kind, folders) for (base, kind), folders in grouped.items()]


def kind_of(base: Path, root: Path, words: Mapping[str, str], default: str) -> str:
    """The kind that the nearest folder name says, from `base` up to the root's own name.

    `words` maps parts of names (lower case), the more telling first, to kinds.
    """
    below = base.relative_to(root).parts if base.is_relative_to(root) else ()
    for name in (*reversed(below), root.resolve().name):
        for word, kind in words.items():
            if word in name.lower():
                return kind
    return default


def looks_cropped(folder: Path) -> bool:
    """Whether the first picture's name begins with `reg_`, as those of cropped faces do."""
    names = [file.name.lower() for file in folder.iterdir() if is_picture(file.name.lower())]
    return min(names, default="").startswith("reg_")


def choose_tree(
    dataset: str, found: Found, known: Sequence[Tree], kinds: Sequence[str], wanted: str
) -> tuple[Tree | None, str]:
    """The tree of the wanted kind (`auto`: the first of `kinds` that exists), or why there is none.

    Of several of one kind the nearest to the root is taken.
    """
    allowed = tuple(kinds) if wanted == "auto" else (wanted,)
    fits = [tree for tree in known if tree.kind in allowed]
    if fits:
        best = min(fits, key=lambda t: (allowed.index(t.kind), len(t.path.parts), str(t.path)))
        return best, ""
    seen = ", ".join(f"{_make_relative(t.path, found.root)} ({t.kind})" for t in known) or "none"
    what = "tree of frames" if wanted == "auto" else f"'{wanted}' tree of frames"
    return None, f"{dataset}: no {what} below {found.root}; trees of clip folders found: {seen}"


def choose_sheet(
    dataset: str, found: Found, pattern: str, names: Sequence[str], wanted: str | None
) -> Path | None:
    """The annotation file: the wanted one, else the first of `names` among those that fit.

    `pattern` is a regular expression (case ignored) that the file name of an annotation file of
    this set matches. None where there is none; raises `DataError` where the wanted one is missing.
    """
    if wanted is not None:
        for sheet in found.sheets:
            if sheet.name.lower() == wanted.lower():
                return sheet
        raise DataError(
            f"{dataset}: no spreadsheet '{wanted}' below {found.root}; found: {list_sheets(found)}"
        )
    fits = [s for s in found.sheets if re.search(pattern, s.name, re.IGNORECASE)]
    return min(fits, key=lambda s: (_rank_sheet(s, names), len(s.parts), str(s)), default=None)


def need_sheet(dataset: str, found: Found, sheet: Path | None, layout: str) -> Path:
    """The sheet, or `DataError` that names those which are there."""
    if sheet is None:
        raise DataError(
            f"{dataset}: no annotation spreadsheet below {found.root}; spreadsheets found: "
            f"{list_sheets(found)}. {layout}"
        )
    return sheet


def list_sheets(found: Found) -> str:
    """The spreadsheets that are there, for messages."""
    names = {str(_make_relative(sheet, found.root)) for sheet in found.sheets}
    return ", ".join(sorted(names)) or "none at all"


def _rank_sheet(sheet: Path, names: Sequence[str]) -> int:
    for at, name in enumerate(names):
        if sheet.stem.lower().startswith(name.rpartition(".")[0].lower()):
            return at
    return len(names)


def _make_relative(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path
