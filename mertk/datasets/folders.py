"""Where a data set keeps its spreadsheets and its folders of frames, below whatever folder."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mertk.core.errors import DataError
from mertk.core.printing import count_noun
from mertk.datasets.media.frames import is_picture

SHEETS = (".xlsx", ".xls", ".csv")
"""The file endings of annotation files."""

_LITTER = (
    ".",
    "~$",
    "__MACOSX",
    "@eaDir",
    "lost+found",
    "$RECYCLE.BIN",
    "System Volume Information",
)
"""Hidden files, locks of open spreadsheets, and what zip programs and file systems leave behind."""

_OTHER_SHEETS = (".ods", ".numbers", ".gsheet")
_NOT_READ: Mapping[str, tuple[str, ...]] = {
    "videos": (".avi", ".mp4", ".mov", ".mkv", ".wmv", ".mpg"),
    "archives": (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz"),
}
_COPY = re.compile(r"[ _-]+(?:copy|kopie|copie)\b|\(\d+\)|conflict", re.IGNORECASE)


@dataclass(slots=True)
class Found:
    """Every spreadsheet below a root; `leaves` are folders with pictures, or without folders.

    `pictured` are the folders that hold pictures, `examples` a picture, video and archive by what
    it is, `skipped` the folders that cannot be read, with the reason, and `unread` the spreadsheets
    of formats that are not read.
    """

    root: Path
    sheets: list[Path] = field(default_factory=list)
    leaves: list[Path] = field(default_factory=list)
    pictured: set[Path] = field(default_factory=set)
    examples: dict[str, Path] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    unread: list[Path] = field(default_factory=list)
    _seen: set[Path] = field(default_factory=set, init=False)

    def enter(self, folder: Path) -> None:
        """List a folder and those below it, each once; one that cannot be read is skipped."""
        real = folder.resolve() if folder.is_symlink() or not self._seen else folder
        if real in self._seen:  # links may lead in circles
            return
        self._seen.add(real)
        inside = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith(_LITTER):
                        continue
                    if entry.is_dir():
                        inside.append(Path(entry.path))
                    else:
                        self._note_file(folder, entry.name)
        except OSError as error:
            self.skipped.append(f"{folder}: cannot be read: {error.strerror}")
            return
        if folder in self.pictured or not inside:
            self.leaves.append(folder)
        for path in sorted(inside):
            self.enter(path)

    def _note_file(self, folder: Path, name: str) -> None:
        lower = name.lower()
        if lower.endswith(SHEETS):
            self.sheets.append(folder / name)
        elif lower.endswith(_OTHER_SHEETS):
            self.unread.append(folder / name)
        elif is_picture(name):
            self.pictured.add(folder)
            self.examples.setdefault("pictures", folder / name)
        else:
            for what, endings in _NOT_READ.items():
                if lower.endswith(endings):
                    self.examples.setdefault(what, folder / name)


@dataclass(frozen=True, slots=True)
class Place:
    """What a folder of frames is: the clip `key` in the tree `base`, which is of a `kind`."""

    base: Path
    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Tree:
    """One copy of a data set's frames: its folder, its kind, and its clip folders by key.

    `empty` are the keys of folders without a picture.
    """

    path: Path
    kind: str
    folders: Mapping[str, Path]
    empty: frozenset[str] = frozenset()

    def has_pictures(self, key: str) -> bool:
        """Whether there is a folder of that key and it holds a picture."""
        return key in self.folders and key not in self.empty


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
    found = Found(root)
    found.enter(root)
    if found.skipped and not found.leaves and not found.sheets:
        raise DataError(f"{dataset}: {found.skipped[0]}. {layout}")
    if found.leaves == [root] and not any(root.iterdir()):
        raise DataError(f"{dataset}: the folder {root} is empty. {layout}")
    return found


def group_into_trees(found: Found, place: Callable[[Path], Place | None]) -> list[Tree]:
    """The trees that the folders of frames make up; `place` says what a folder is, or None."""
    grouped: dict[tuple[Path, str], dict[str, Path]] = {}
    for folder in found.leaves:
        at = place(folder)
        if at is not None:
            grouped.setdefault((at.base, at.kind), {}).setdefault(at.key, folder)
    trees = []
    for (base, kind), folders in grouped.items():
        empty = frozenset(key for key, path in folders.items() if path not in found.pictured)
        trees.append(Tree(base, kind, folders, empty))
    return trees


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
    dataset: str,
    found: Found,
    known: Sequence[Tree],
    kinds: Sequence[str],
    wanted: str,
    *,
    covers: Callable[[Tree], int] | None = None,
) -> tuple[Tree | None, str]:
    """The tree of the wanted kind (`auto`: the first of `kinds` that exists), or why there is none.

    Where `covers` counts the annotated clips that a tree holds, it is the tree with most of them,
    and one without any is not taken: it may be another data set's. Of equal ones it is the nearest
    to the root.
    """
    allowed = tuple(kinds) if wanted == "auto" else (wanted,)
    fits = [tree for tree in known if tree.kind in allowed]
    counts = {id(tree): covers(tree) if covers else 1 for tree in fits}
    own = [tree for tree in fits if counts[id(tree)]]
    if own:
        best = min(
            own,
            key=lambda t: (-counts[id(t)], allowed.index(t.kind), len(t.path.parts), str(t.path)),
        )
        return best, ""
    seen = ", ".join(f"{_make_relative(t.path, found.root)} ({t.kind})" for t in known) or "none"
    what = "tree of frames" if wanted == "auto" else f"'{wanted}' tree of frames"
    which = " with an annotated clip" if fits else ""
    return None, f"{dataset}: no {what}{which} below {found.root}; trees found: {seen}"


def describe_trees(found: Found, trees: Sequence[Tree], covers: Callable[[Tree], int]) -> list[str]:
    """What each tree is and how many annotated clips it holds, for messages."""
    return [
        f"{_make_relative(t.path, found.root)} ({t.kind}, {count_noun(covers(t), 'clip')})"
        for t in trees
    ]


def describe_strays(found: Found) -> list[str]:
    """What there is that no annotation fits: pictures, videos or archives, with an example."""
    fixes = {
        "pictures": "no row of the annotations has a clip folder of that name",
        "videos": "videos are not read: extract their frames",
        "archives": "unpack them",
    }
    lines = []
    for what, example in found.examples.items():
        lines.append(f"{what} such as {_make_relative(example, found.root)}: {fixes[what]}")
    return lines


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
    return min(fits, key=lambda s: (*_rank_sheet(s, names), len(s.parts), str(s)), default=None)


def need_sheet(dataset: str, found: Found, sheet: Path | None, layout: str) -> Path:
    """The sheet, or `DataError` that names those which are there."""
    if sheet is None:
        unread = ""
        if found.unread:
            names = ", ".join(str(_make_relative(file, found.root)) for file in found.unread)
            unread = f"; {names} cannot be read: save it as .xlsx"
        raise DataError(
            f"{dataset}: no annotation spreadsheet below {found.root}; spreadsheets found: "
            f"{list_sheets(found)}{unread}. {layout}"
        )
    return sheet


def list_sheets(found: Found) -> str:
    """The spreadsheets that are there, for messages."""
    names = {str(_make_relative(sheet, found.root)) for sheet in found.sheets}
    return ", ".join(sorted(names)) or "none at all"


def _rank_sheet(sheet: Path, names: Sequence[str]) -> tuple[bool, bool, int, bool]:
    """Published names first, then names that begin like one; copies and csv exports behind."""
    stems = [name.rpartition(".")[0].lower() for name in names]
    stem = sheet.stem.lower()
    begins = [at for at, name in enumerate(stems) if stem.startswith(name)]
    exact = stem in stems
    at = stems.index(stem) if exact else min(begins, default=len(names))
    return not exact, bool(_COPY.search(stem)), at, sheet.suffix.lower() == ".csv"


def _make_relative(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path


def find_written_path(base: Path, written: str) -> Path:
    r"""The path of a table's cell below `base`, as another system may have written it.

    That is with `\`, in other case, or with accents as macOS writes them. Where there is no such
    file, the path as it is written; so too where several files fit.
    """
    exact = base / written
    if exact.exists():
        return exact
    found = base
    for part in PurePosixPath(written.replace("\\", "/")).parts:
        if (found / part).exists():
            found /= part
            continue
        try:
            fits = [one for one in found.iterdir() if _fold(one.name) == _fold(part)]
        except OSError:
            return exact
        if len(fits) != 1:
            return exact
        found = fits[0]
    return found


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip()
