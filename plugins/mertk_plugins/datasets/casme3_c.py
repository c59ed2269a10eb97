"""CAS(ME)^3 part C: 165 micro-expressions of 30 people in a mock crime, at 30 frames a second."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import mertk
from mertk import datasets
from mertk.datasets.annotations import Source
from mertk.datasets.folders import Found, Place, Tree
from mertk.datasets.reader import Line, NameForm
from mertk.datasets.record import Record
from mertk.datasets.spreadsheets import Table
from mertk_plugins.datasets import _casme3_shared as shared

_ME = "CAS(ME)3_part_C_ME.xlsx"
_BOTH = "CAS(ME)3_part_C.xls"
_SUBJECT = NameForm(r"(?:sub(?:ject)?[ _-]*)?0*([0-9]{1,3})(?:\.0+)?", "{:0>2}")
_TYPES: Mapping[str, shared.Kind] = {"1": "micro", "0": "macro"}
_RECORDING = "a"  # there is one of each subject
_WORDS = {"crop": "cropped"}
_COUNTED = re.compile(r"(?:0*[0-9]+_)?0*([0-9]+)")
_LAYOUT = (
    "pictures lie in 01/a/color, or are cut to 01/2/color or 01/color/01_2 (2: the column count)"
)


@dataclass(kw_only=True, eq=False)
class CASME3C(shared.CASME3Part):
    """CAS(ME)^3 part C, from one of its annotation files and one of its trees of colour frames.

    No apex is annotated.

    Args:
        expressions: which expressions are read: `micro`, `macro` or `all`. Those other than `micro`
            are in CAS(ME)3_part_C.xls alone, which has no emotions.
        tree: which frames are read: `long` (whole recordings), `me_only` (single expressions, cut
            out), `cropped`, or with `auto` the first of these that exists.
    """

    default_protocol = "loso"
    obtain = "casme.psych.ac.cn/casme/e4 (agreement); annotations: jingtingEmmaLi/CAS-ME-3, GitHub"

    name = "casme3_c"
    layout = (
        "The folder should hold CAS(ME)3_part_C_ME.xlsx (or CAS(ME)3_part_C.xls) and the unpacked "
        "pictures of part C, such as part_C/01/a/color/373.jpg. Depth is not read."
    )
    kinds = ("long", "me_only", "cropped")
    file_pattern = r"part[ _-]*c(?![a-z])|mock[ _-]*crime"
    files: ClassVar[Mapping[shared.Wanted, Sequence[str]]] = {
        "micro": (_ME, _BOTH),
        "macro": (_BOTH,),
        "all": (_BOTH,),
    }
    titles = ("mockCrimeME", "organize")
    columns = shared.PUBLISHED["casme3_c"].columns
    optional = shared.PUBLISHED["casme3_c"].optional
    groups = shared.PUBLISHED["casme3_c"].groups

    expressions: shared.Wanted = "micro"
    tree: Literal["auto", "long", "me_only", "cropped"] = "auto"
    repair: Literal["recommended"] = field(default="recommended", init=False)

    def make_part_source(self, found: Found, lines: Sequence[Line]) -> Source:
        """What the rows have in common: no apex, and in some files no AUs."""
        coded = any(line["au"] for line in lines)
        absent = frozenset({"apex_missing"} if coded else {"apex_missing", "au_unknown"})
        return self.make_source(found, tolerance=shared.TOLERANCE, unremarkable=absent)

    def read_kind(self, line: Line) -> shared.Kind:
        """The type of an expression; raises `DataError` where a cell cannot be what it should."""
        _read_subject(line)
        if line.columns["emotion"]:
            line.need("emotion")
        kind = _TYPES.get(line["type"]) if line.columns["type"] else "micro"
        if kind is None:
            raise line.wrong("type", "is neither 1 (micro) nor 0 (macro)")
        return kind

    def read_line(self, source: Source, line: Line) -> Record:
        """The record of a row that was checked."""
        return line.record(
            source,
            subject=_read_subject(line),
            clip=_RECORDING,
            video=_RECORDING,
            apex="",
            fps=shared.FPS,
            expression_type=self.read_kind(line),
            modality="rgb",
            extra={"count": line["count"], "risk": line["risk"]},
        )

    def list_assumptions(self, table: Table) -> Sequence[str]:
        """What is taken for granted."""
        return [*super().list_assumptions(table), _LAYOUT]

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/01/a/color` is a recording; `…/01/2/color` and `…/01/color/01_2` are expressions."""
        steps = [path for path in (folder, *folder.parents) if path.name.lower() != "color"]
        inner, person = steps[:2]
        number = _SUBJECT.parse(person.name)
        if number is None or not person.is_relative_to(root) or not shared.is_colour(root, folder):
            return None
        counted = _COUNTED.fullmatch(inner.name)
        if not counted and not re.fullmatch("[a-z]", inner.name, re.IGNORECASE):
            return None
        kind, key = ("me_only", f"{number}/{int(counted[1])}") if counted else ("long", number)
        base = person.parent
        return datasets.folders.Place(base, datasets.folders.kind_of(base, root, _WORDS, kind), key)

    def key_in(self, tree: Tree | None) -> Callable[[Record], str]:
        """Finds the folder of a record: that of its count, or else the subject's recording."""
        folders = tree.folders if tree else {}

        def key_of(record: Record) -> str:
            counted = f"{record.subject}/{record.extra['count']}"
            return counted if counted in folders else record.subject

        return key_of


def _read_subject(line: Line) -> str:
    return line.name("subject", _SUBJECT, "is not a subject such as 1")


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("casme3_c", CASME3C, paper="doi:10.1109/TPAMI.2022.3174895")
