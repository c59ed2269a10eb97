"""The trees of CAS(ME)^3 part A: whole recordings, and folders of single expressions."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import mertk
from mertk import datasets
from mertk_plugins.datasets._casme3_shared import is_colour

if TYPE_CHECKING:
    from mertk.datasets.folders import Place, Tree
    from mertk.datasets.record import Record

_SUBJECT = r"sp[ _-]?no[ ._-]*0*(?P<subject>[0-9]{1,6})"
_PERSON = re.compile(rf"(?:{_SUBJECT}|0*(?P<number>[0-9]{{1,6}}))(?:\.0+)?", re.IGNORECASE)
_RECORDING = re.compile(r"(?P<letter>[a-z])(?P<copy>[0-9]*)", re.IGNORECASE)
_CLIP = re.compile(rf"{_SUBJECT}_(?P<letter>[a-z])_0*(?P<onset>[0-9]+)", re.IGNORECASE)
_WORDS = {"crop": "cropped"}


def parse_subject(text: str) -> str | None:
    """The canonical name, `spNO.1`, of `spNO.1`, `spNo.01` or `1`; None for anything else."""
    found = _PERSON.fullmatch(text)
    return f"spNO.{int(found['subject'] or found['number'])}" if found else None


def classify_folder(root: Path, folder: Path) -> Place | None:
    """`…/spNO.1/a/color` is a recording and `…/spNO.1_a_355` a clip, with or without `color`."""
    if not is_colour(root, folder):
        return None
    named = folder.parent if folder.name.lower() == "color" and folder != root else folder
    clip = _CLIP.fullmatch(named.name)
    if clip:
        key = f"spNO.{int(clip['subject'])}/{clip['letter'].lower()}/{int(clip['onset'])}"
        return _make_place(root, named.parent, "me_only", key)
    recording = _RECORDING.fullmatch(named.name)
    person = re.fullmatch(_SUBJECT, named.parent.name, re.IGNORECASE)
    if not recording or not person:
        return None
    key = f"spNO.{int(person['subject'])}/{recording['letter'].lower()}{recording['copy']}"
    return _make_place(root, named.parent.parent, "long", key)


def _make_place(root: Path, base: Path, kind: str, key: str) -> Place:
    return datasets.folders.Place(base, datasets.folders.kind_of(base, root, _WORDS, kind), key)


def name_trees(trees: Iterable[Tree]) -> list[Tree]:
    """The trees with their final kinds: `a`, `a2`, `a3` … are single expressions, cut out."""
    return [
        replace(tree, kind="me_only")
        if tree.kind == "long" and any(key[-1].isdigit() for key in tree.folders)
        else tree
        for tree in trees
    ]


def key_in(tree: Tree | None) -> Callable[[Record], str]:
    """Finds the folder of a record in a tree; the folder's name may hold the onset of any edition.

    Of folders `a`, `a2`, `a3` … it is the one that holds most of the expression's frames, because
    their order is that of whichever annotation file they were cut by.
    """
    groups: dict[str, list[str]] = {}
    folders = tree.folders if tree else {}
    for key in sorted(folders):
        groups.setdefault(key.rstrip("0123456789"), []).append(key)
    numbers = functools.cache(_list_numbers)

    def key_of(record: Record) -> str:
        recording = f"{record.subject}/{record.clip}"
        onsets = (record.onset_raw, record.onset, record.uid.split("/")[3])
        for onset in onsets:
            if f"{recording}/{onset}" in folders:
                return f"{recording}/{onset}"
        copies = groups.get(recording, [recording])
        if len(copies) == 1 or record.onset is None or record.offset is None:
            return copies[0]
        wanted = (record.onset, record.offset)
        return max(copies, key=lambda key: _count_inside(numbers(folders[key]), *wanted))

    return key_of


def _list_numbers(folder: Path) -> frozenset[int]:
    try:
        return frozenset(datasets.media.frames.number_pictures(folder))
    except mertk.DataError:  # a folder that cannot be read is never the best; binding one says why
        return frozenset()


def _count_inside(numbers: frozenset[int], onset: int, offset: int) -> int:
    return sum(onset <= number <= offset for number in numbers)
