"""Where CASME II keeps its spreadsheet and its frames, below whatever folder a user has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import mertk
from mertk import data

KINDS = ("selected", "raw", "cropped")
"""Kinds of frame trees, the preferred one first."""

SHEETS = (
    "CASME2-coding-20190701.xlsx",
    "CASME2-coding-20140508.xlsx",
    "CASME2-coding-updated.xlsx",
    "CASME2_label_Ver_2.xls",
)
"""The names of the spreadsheet, the preferred edition first."""

LAYOUT = (
    f"The folder should hold a spreadsheet ({' or '.join(SHEETS)}) and a tree of frames "
    "(CASME2_RAW_selected, CASME2-RAW or Cropped) with pictures such as "
    "sub01/EP02_01f/img46.jpg (reg_img46.jpg in Cropped)."
)

_DEPTH = 4
_SUBJECT = re.compile(r"sub(?:ject)?[ _-]*(\d+)", re.IGNORECASE)
_SHEET = re.compile(r"casme[ _-]?(?:2|ii)(?![0-9a-z]).*(?:coding|label)", re.IGNORECASE)
_WORDS = {"compress": "video", "crop": "cropped", "select": "selected", "raw": "raw"}


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder of subject folders, its kind, and the subject folders by number."""

    path: Path
    kind: str
    subjects: dict[int, list[Path]]

    def clips(self, subject: int) -> dict[str, Path]:
        """The clip folders of a subject by name."""
        folders = self.subjects.get(subject, [])
        return {clip.name: clip for folder in folders for clip in subfolders(folder)}

    def find(self, subject: int, clip: str) -> Path | None:
        """The folder of a clip: by its exact name, or else whatever its case."""
        clips = self.clips(subject)
        if clip in clips:
            return clips[clip]
        return next((at for name, at in clips.items() if name.lower() == clip.lower()), None)


@dataclass(frozen=True, slots=True)
class Found:
    """Every spreadsheet and every frame tree below a root."""

    sheets: list[Path] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)


def search(root: Path) -> Found:
    """Look through the root and the folders below it, but not into the subjects."""
    found = Found()
    for folder in _walk(root, _DEPTH):
        found.sheets.extend(_sheets(folder))
        subjects = _subjects(folder)
        if subjects:
            found.trees.append(Tree(folder, _kind(folder, root, subjects), subjects))
    return found


def choose_sheet(found: Found, root: Path, wanted: str | None) -> Path:
    """The wanted spreadsheet, or the newest edition; raises `DataError` where there is none."""
    names = sorted({str(sheet.relative_to(root)) for sheet in found.sheets})
    shown = ", ".join(names) or "none at all"
    if wanted is not None:
        fits = [sheet for sheet in found.sheets if sheet.name.lower() == wanted.lower()]
        if not fits:
            raise mertk.DataError(f"casme2: no spreadsheet '{wanted}' below {root}; found: {shown}")
        return fits[0]
    fits = [s for s in found.sheets if _SHEET.search(s.name)]
    if not fits:
        raise mertk.DataError(
            f"casme2: no annotation spreadsheet below {root}; spreadsheets found: {shown}. {LAYOUT}"
        )
    return min(fits, key=lambda sheet: (_rank(sheet.stem, SHEETS), len(sheet.parts), str(sheet)))


def choose_tree(found: Found, root: Path, wanted: str) -> Tree:
    """The wanted tree, or the preferred of those that exist; raises `DataError`."""
    kinds = KINDS if wanted == "auto" else (wanted,)
    fits = [tree for tree in found.trees if tree.kind in kinds]
    if not fits:
        seen = ", ".join(f"{t.path.relative_to(root)} ({t.kind})" for t in found.trees) or "none"
        what = "tree of frames" if wanted == "auto" else f"'{wanted}' tree of frames"
        raise mertk.DataError(
            f"casme2: no {what} below {root}; trees with folders sub01, sub02 … found: {seen}. "
            f"Videos (avi) are not read. {LAYOUT}"
        )
    return min(fits, key=lambda t: (kinds.index(t.kind), len(t.path.parts), str(t.path)))


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder by name, without hidden ones and what zip programs leave behind."""
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        raise mertk.DataError(f"{folder}: cannot be read: {error.strerror}") from error
    return [f for f in inside if not f.name.startswith((".", "__MACOSX")) and f.is_dir()]


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    yield folder
    for inside in subfolders(folder) if depth else ():
        if not _SUBJECT.fullmatch(inside.name):
            yield from _walk(inside, depth - 1)


def _sheets(folder: Path) -> list[Path]:
    endings = (".xlsx", ".xls", ".csv")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in endings)
    return [file for file in files if not file.name.startswith((".", "~$")) and file.is_file()]


def _subjects(folder: Path) -> dict[int, list[Path]]:
    found: dict[int, list[Path]] = {}
    for inside in subfolders(folder):
        named = _SUBJECT.fullmatch(inside.name)
        if named:
            found.setdefault(int(named[1]), []).append(inside)
    return found


def _kind(folder: Path, root: Path, subjects: dict[int, list[Path]]) -> str:
    """By the nearest name that says it, up to the root's own; else by the name of a frame."""
    below = folder.relative_to(root).parts
    for name in (*reversed(below), root.resolve().name):
        for word, kind in _WORDS.items():
            if word in name.lower():
                return kind
    for clip in (c for folders in subjects.values() for f in folders for c in subfolders(f)):
        names = [file.name.lower() for file in clip.iterdir() if data.frames.is_picture(file.name)]
        if names:
            return "cropped" if names[0].startswith("reg_") else "raw"
    return "raw"


def _rank(stem: str, names: Sequence[str]) -> int:
    order = [name.rpartition(".")[0].lower() for name in names]
    return next((at for at, name in enumerate(order) if stem.lower().startswith(name)), len(order))
