"""The people and folders of 4DME: who was recorded twice, and where a clip lies."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mertk import datasets

if TYPE_CHECKING:
    from mertk.datasets.folders import Place, Tree
    from mertk.datasets.record import Record

_NUMBER = "0*(?P<number>[0-9]{1,4})"
_SESSION = "(?:[_ -](?P<session>[0-9](?:st|nd|rd|th)?))?"
_CELL = re.compile(rf"(?:s(?:ub(?:ject)?)?)?{_NUMBER}(?:\.0+)?{_SESSION}", re.IGNORECASE)
_FOLDER = re.compile(f"s{_NUMBER}{_SESSION}", re.IGNORECASE)
_FLAT = re.compile(f"s{_NUMBER}{_SESSION}_(?P<clip>[0-9]{{2,4}}_[0-9]+_[0-9]+.*)", re.IGNORECASE)
_WORDS = {
    "macro": "macro",
    "depth": "depth",
    "rgb": "colour",
    "colo": "colour",
    "crop": "cropped",
    "gray": "raw",
    "grey": "raw",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in one of their sessions: `S13` and `1st`; most have only one ('')."""

    subject: str
    session: str

    @property
    def folder(self) -> str:
        """The folder of this session in lower case, `s13_1st`."""
        return f"{self.subject}_{self.session}".rstrip("_").lower()


def parse_person(text: str) -> Person | None:
    """Who `S13_1st`, `s013_1st` or `13` is; None for anything else."""
    return _make_person(_CELL.fullmatch(text))


def _make_person(found: re.Match[str] | None) -> Person | None:
    if found is None:
        return None
    return Person(f"S{int(found['number']):02d}", (found["session"] or "").lower())


def strip_person(who: str, text: str) -> str:
    """The name of a clip without that of its person, which some lists put before it."""
    return text[len(who) + 1 :] if text.lower().startswith(f"{who}_".lower()) else text


def classify_folder(root: Path, folder: Path) -> Place | None:
    """`…/S13_1st/001_01_1` is a clip, and `…/S13_1st_001_01_1` too."""
    if folder == root:
        return None
    flat = _FLAT.fullmatch(folder.name)
    parent = _FOLDER.fullmatch(folder.parent.name) if folder.parent != root else None
    who = _make_person(flat or parent)
    if who is None:
        return None
    base = folder.parent.parent if parent else folder.parent
    name = flat["clip"] if flat else folder.name
    kind = datasets.folders.kind_of(base, root, _WORDS, "raw")
    return datasets.folders.Place(base, kind, f"{who.folder}/{name}".lower())


def key_in(tree: Tree | None) -> Callable[[Record], str]:
    """Finds the folder of a record in a tree.

    Some folders have a dash behind their names. Where the list or the folders do not tell the
    sessions of a person apart, the only folder of that clip is taken.
    """
    folders = tree.folders if tree else {}
    alike = Counter(_loosen_key(key) for key in folders)
    only = {_loosen_key(key): key for key in folders if alike[_loosen_key(key)] == 1}

    def key_of(record: Record) -> str:
        exact = f"{Person(record.subject, record.session).folder}/{record.clip}".lower()
        for name in (exact, f"{exact}-"):
            if name in folders:
                return name
        alone = only.get(_loosen_key(exact), exact)
        either = record.session and "_" in alone.partition("/")[0]
        return exact if either else alone

    return key_of


def _loosen_key(key: str) -> str:
    who, _, name = key.partition("/")
    return f"{who.partition('_')[0]}/{name.rstrip('-')}"
