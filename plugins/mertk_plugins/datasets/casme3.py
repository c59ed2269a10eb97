"""CAS(ME)^3 part A: 860 micro-expressions of 94 people at 30 frames a second."""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

import mertk
from mertk import datasets
from mertk.datasets.annotations import Source
from mertk.datasets.editions import Edition
from mertk.datasets.folders import Found, Place, Tree
from mertk.datasets.reader import Line, NameForm
from mertk.datasets.record import Record
from mertk.datasets.spreadsheets import Table
from mertk_plugins.datasets import _casme3_shared as shared

_ME_V2 = "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
_ME_V1 = "cas(me)3_part_A_ME_label_JpgIndex_v1.xls"
_BOTH = ("CAS(ME)3_part_A_v2.xls", "CAS(ME)3_part_A_v1.xls")
_MACRO = "cas(me)3_part_A_MaE_label_JpgIndex_v2_emotion.xlsx"
_MACRO_FILE = re.compile(r"(?<![a-z])mae(?![a-z])", re.IGNORECASE)
_TYPE = re.compile(r"(micro|macro)(?:[ -]*expression)?", re.IGNORECASE)
_CLASSES = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7}
_UNKNOWN_COUNTS = "how many rows the file of macro-expressions has is not known"

_PREFIX = r"sp[ _-]?no[ ._-]*"
_NUMBER = "0*([0-9]{1,6})"
_SUBJECT = NameForm(rf"(?:{_PREFIX})?{_NUMBER}(?:\.0+)?", "spNO.{}")
_SUBJECT_FOLDER = NameForm(_PREFIX + _NUMBER, "spNO.{}")
_RECORDING = re.compile("[a-z][0-9]*", re.IGNORECASE)
_CLIP = NameForm(rf"{_PREFIX}{_NUMBER}_([a-z])_0*([0-9]+)", "spNO.{}/{}/{}")
_WORDS = {"crop": "cropped"}


@dataclass(kw_only=True, eq=False)
class CASME3(shared.CASME3Part):
    """CAS(ME)^3 part A, from one of its annotation files and one of its trees of colour frames.

    Official corrections are the values that the authors published last, in part_A_v2.

    Args:
        expressions: which expressions are read: `micro`, `macro`, or `all` of a file that has both;
            such files have no emotions.
        tree: which frames are read: `me_only` (the release of clips), `long` (whole recordings),
            `cropped`, or with `auto` the first of these that exists.
    """

    default_protocol = "casme3_7"
    obtain = "casme.psych.ac.cn/casme/e4 (agreement); annotations: jingtingEmmaLi/CAS-ME-3, GitHub"

    name = "casme3"
    layout = (
        "The folder should hold cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx (or _v1.xls, or "
        "CAS(ME)3_part_A_v2.xls) and the unpacked pictures: Part_A_ME_clip/frame with folders such "
        "as spNO.10_a_116, or part_A_split/part_A with spNO.1/a/color/166.jpg. Depth is not read."
    )
    kinds = ("me_only", "long", "cropped")
    file_pattern = r"part[ _-]*a(?![a-z])(?!.*(?:wrong|error))"
    files: ClassVar[Mapping[shared.Wanted, Sequence[str]]] = {
        "micro": (_ME_V2, _ME_V1, *_BOTH),
        "macro": (_MACRO, *_BOTH),
        "all": _BOTH,
    }
    titles = ("AU+Emotion", "label")  # other sheets of these files are working copies and blinks
    columns = shared.PUBLISHED["casme3"].columns
    optional = shared.PUBLISHED["casme3"].optional
    groups = shared.PUBLISHED["casme3"].groups
    known_errors = Path(__file__).with_name("_casme3_repairs.csv")

    expressions: shared.Wanted = "micro"
    tree: Literal["auto", "me_only", "long", "cropped"] = "auto"

    def list_trees(self, found: Found) -> list[Tree]:
        """All trees of frames that are there."""
        trees = []
        for tree in super().list_trees(found):
            # folders a, a2, a3 … are single expressions, cut out
            cut = tree.kind == "long" and any(key[-1].isdigit() for key in tree.folders)
            trees.append(replace(tree, kind="me_only") if cut else tree)
        return trees

    def order_kinds(self) -> Sequence[str]:
        """The kinds of trees; macro-expressions are in recordings."""
        return self.kinds if self.expressions == "micro" else ("long", "me_only", "cropped")

    def read_kind(self, line: Line) -> shared.Kind:
        """The type of an expression; files without a column of types hold one type alone."""
        _read_subject(line)
        if not re.fullmatch(r"[A-Za-z]", line["letter"]):
            raise line.wrong("letter", "is not a letter a … m")
        if line.columns["emotion"]:
            line.need("emotion")
        if not line.columns["type"]:
            return "macro" if _MACRO_FILE.search(line.table.file.name) else "micro"
        found = _TYPE.fullmatch(line["type"])
        if not found:
            raise line.wrong("type", "is neither Micro-expression nor Macro-expression")
        return "micro" if found[1].lower() == "micro" else "macro"

    def read_line(self, source: Source, line: Line) -> Record:
        """The record of a row that was checked."""
        person, kind = _read_subject(line), self.read_kind(line)
        letter = line["letter"]
        repairs = source.rows(person, letter.lower(), line["onset"], line["apex"])
        _, quirks = datasets.corrections.apply_repairs(repairs, {"type": kind}, source.level)
        upper = ("upper_case_letter",) if letter.isupper() else ()
        return line.record(
            source,
            subject=person,
            clip=letter.lower(),
            video=letter,
            fps=shared.FPS,
            objective=_CLASSES.get(line["objective"].upper()),
            objective_source="Objective class",
            expression_type=kind,
            modality="rgb",
            quirks=(*quirks, *upper),
        )

    def list_editions(self, table: Table) -> Sequence[Edition]:
        """The published editions that a file may be; none are known of the macro file."""
        macro = "emotion" in table.columns and _MACRO_FILE.search(table.file.name)
        return () if macro else super().list_editions(table)

    def list_assumptions(self, table: Table) -> Sequence[str]:
        """What is taken for granted."""
        known = super().list_assumptions(table)
        return known if self.list_editions(table) else [*known, _UNKNOWN_COUNTS]

    def recognise(self, table: Table, records: Sequence[Record]) -> str:
        """The name of the edition: files of both types have the counts of both."""
        fits = list(self.list_editions(table))
        if "emotion" not in table.columns:
            counts = Counter(self.read_kind(line) for line in self.lines(table))
            for kind in ("micro", "macro"):
                named = {one.name for one in self.groups[kind] if one.rows == counts[kind]}
                fits = [one for one in fits if one.name in named]
        return datasets.editions.recognise_edition(records, fits)

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/spNO.1/a/color` is a recording and `…/spNO.1_a_355` a clip, or without `color`."""
        if not shared.is_colour(root, folder):
            return None
        named = folder.parent if folder.name.lower() == "color" and folder != root else folder
        kind, base, key = "me_only", named.parent, _CLIP.parse(named.name.lower())
        if key is None:
            person = _SUBJECT_FOLDER.parse(named.parent.name)
            if not person or not _RECORDING.fullmatch(named.name):
                return None
            kind, base, key = "long", named.parent.parent, f"{person}/{named.name.lower()}"
        return datasets.folders.Place(base, datasets.folders.kind_of(base, root, _WORDS, kind), key)

    def key_in(self, tree: Tree | None) -> Callable[[Record], str]:
        """Finds the folder of a record; the folder's name may hold the onset of any edition.

        Of folders `a`, `a2`, `a3` … it is the one that holds most of the expression's frames,
        because their order is that of whichever annotation file they were cut by.
        """
        folders = tree.folders if tree else {}
        groups: dict[str, list[str]] = defaultdict(list)
        for key in sorted(folders):
            groups[key.rstrip("0123456789")].append(key)
        list_numbers = functools.cache(_list_numbers)

        def key_of(record: Record) -> str:
            recording = f"{record.subject}/{record.clip}"
            for onset in (record.onset_raw, record.onset, record.uid.split("/")[3]):
                if f"{recording}/{onset}" in folders:
                    return f"{recording}/{onset}"
            copies = groups.get(recording, [recording])
            if len(copies) == 1 or record.onset is None or record.offset is None:
                return copies[0]
            wanted = frozenset(range(record.onset, record.offset + 1))
            return max(copies, key=lambda key: len(wanted & list_numbers(folders[key])))

        return key_of


def _read_subject(line: Line) -> str:
    return line.name("subject", _SUBJECT, "is not a subject such as spNO.1")


def _list_numbers(folder: Path) -> frozenset[int]:
    try:
        return frozenset(datasets.media.frames.number_pictures(folder))
    except mertk.DataError:  # a folder that cannot be read is never the best; binding one says why
        return frozenset()


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("casme3", CASME3, paper="doi:10.1109/TPAMI.2022.3174895")
