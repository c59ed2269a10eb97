"""CAS(ME)^3 part C: 165 micro-expressions of 30 people in a mock crime, at 30 frames a second."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _casme3_c_sheet as sheet
from mertk_plugins.datasets import _casme3_shared as shared

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.folders import Place, Tree
    from mertk.datasets.record import Record

LAYOUT = (
    "The folder should hold CAS(ME)3_part_C_ME.xlsx (or CAS(ME)3_part_C.xls) and the unpacked "
    "pictures of part C, such as part_C/01/a/color/373.jpg. Depth is not read."
)
KINDS = ("long", "me_only", "cropped")
"""Kinds of frame trees, the preferred one first."""

_RECORDING = "a"  # there is one of each subject
_WORDS = {"crop": "cropped"}
_COUNTED = re.compile(r"(?:0*[0-9]+_)?0*([0-9]+)")
_ASSUMED = (
    shared.ASSUMED,
    "pictures lie in 01/a/color, or are cut to 01/2/color or 01/color/01_2 (2: the column count)",
)


class CASME3C:
    """CAS(ME)^3 part C, from one of its annotation files and one of its trees of colour frames.

    No apex is annotated.

    Args:
        expressions: which expressions are read: `micro`, `macro` or `all`. Those other than `micro`
            are in CAS(ME)3_part_C.xls alone, which has no emotions.
        tree: which frames are read: `long` (whole recordings), `me_only` (single expressions, cut
            out), `cropped`, or with `auto` the first of these that exists.
        missing, sheet: see `mertk_plugins.datasets`.
    """

    default_protocol = "loso"
    obtain = "casme.psych.ac.cn/casme/e4 (agreement); annotations: jingtingEmmaLi/CAS-ME-3, GitHub"

    def __init__(
        self,
        *,
        expressions: shared.Wanted = "micro",
        tree: Literal["auto", "long", "me_only", "cropped"] = "auto",
        missing: Literal["error", "skip"] = "error",
        sheet: str | None = None,
    ) -> None:
        self.expressions: shared.Wanted = expressions
        self.tree: Literal["auto", "long", "me_only", "cropped"] = tree
        self.missing: Literal["error", "skip"] = missing
        self.sheet = sheet

    def index(self, root: Path | None, /) -> Sequence[mertk.Clip]:
        """One clip per annotated expression; raises `DataError` where the folder is not right."""
        return datasets.survey.usable(self.survey(root), self.missing)

    def survey(self, root: Path | None, /) -> datasets.survey.Survey:
        """Everything that can be said about a folder, with problems listed instead of raised."""
        found = datasets.folders.explore("casme3_c", root, LAYOUT)
        table = sheet.table(found, self.expressions, self.sheet, LAYOUT)
        rows = sheet.annotated(table, self.expressions)
        absent = {"apex_missing"} if any(row.au for row in rows) else {"apex_missing", "au_unknown"}
        source = datasets.annotations.Source(
            dataset="casme3_c",
            root=found.root,
            tolerance=shared.TOLERANCE,
            unremarkable=frozenset(absent),
        )
        records = list(shared.finished(_record(source, row) for row in rows))
        trees = datasets.folders.trees(found, functools.partial(_place, found.root))
        tree, no_tree = datasets.folders.choose_tree("casme3_c", found, trees, KINDS, self.tree)
        editions = sheet.editions(table, self.expressions)
        return datasets.survey.survey(
            source,
            records,
            tree=tree,
            no_tree=no_tree,
            key=_key_in(tree),
            layout=LAYOUT,
            edition=datasets.survey.recognised(records, editions),
            editions=editions,
            sheets=[table.file],
            assumed=_ASSUMED,
        )


def _record(source: Source, row: sheet.Annotation) -> Record:
    return datasets.annotations.annotated(
        source,
        place=f"row {row.row}",
        subject=row.subject,
        subject_native=row.native,
        clip=_RECORDING,
        video=_RECORDING,
        onset=row.onset,
        apex="",
        offset=row.offset,
        fps=shared.FPS,
        emotion=row.emotion,
        au=row.au,
        expression_type=row.kind,
        modality="rgb",
        extra={"count": row.count, "risk": row.risk},
    )


def _place(root: Path, folder: Path) -> Place | None:
    """`…/01/a/color` is a recording; `…/01/2/color` and `…/01/color/01_2` are expressions."""
    steps = [path for path in (folder, *folder.parents) if path.name.lower() != "color"]
    inner, person = steps[:2]
    number = sheet.subject(person.name)
    if number is None or not person.is_relative_to(root) or not shared.is_colour(root, folder):
        return None
    counted = _COUNTED.fullmatch(inner.name)
    if not counted and not re.fullmatch("[a-z]", inner.name, re.IGNORECASE):
        return None
    kind, key = ("me_only", f"{number}/{int(counted[1])}") if counted else ("long", number)
    base = person.parent
    return datasets.folders.Place(base, datasets.folders.kind_of(base, root, _WORDS, kind), key)


def _key_in(tree: Tree | None) -> Callable[[Record], str]:
    """Finds the folder of a record: that of its count, or else the subject's recording."""
    folders = tree.folders if tree else {}

    def key_of(record: Record) -> str:
        counted = f"{record.subject}/{record.extra['count']}"
        return counted if counted in folders else record.subject

    return key_of


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("casme3_c", CASME3C, paper="doi:10.1109/TPAMI.2022.3174895")
