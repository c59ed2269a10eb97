"""CAS(ME)^3 part A: 860 micro-expressions of 94 people at 30 frames a second."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _casme3_folders as folders
from mertk_plugins.datasets import _casme3_shared as shared
from mertk_plugins.datasets import _casme3_sheet as sheet

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.record import Record

LAYOUT = (
    "The folder should hold cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx (or _v1.xls, or "
    "CAS(ME)3_part_A_v2.xls) and the unpacked pictures: Part_A_ME_clip/frame with folders such as "
    "spNO.10_a_116, or part_A_split/part_A with spNO.1/a/color/166.jpg. Depth is not read."
)
KINDS = ("me_only", "long", "cropped")
"""Kinds of frame trees, the preferred one first; for macro-expressions `long` is."""

_REPAIRS = Path(__file__).with_name("_casme3_repairs.csv")


class CASME3:
    """CAS(ME)^3 part A, from one of its annotation files and one of its trees of colour frames.

    Official corrections are the values that the authors published last, in part_A_v2.

    Args:
        expressions: which expressions are read: `micro`, `macro`, or `all` of a file that has both;
            such files have no emotions.
        tree: which frames are read: `me_only` (the release of clips), `long` (whole recordings),
            `cropped`, or with `auto` the first of these that exists.
        repair, missing, sheet: see `mertk_plugins.datasets`.
    """

    default_protocol = "casme3_7"
    obtain = "casme.psych.ac.cn/casme/e4 (agreement); annotations: jingtingEmmaLi/CAS-ME-3, GitHub"

    def __init__(
        self,
        *,
        expressions: shared.Wanted = "micro",
        tree: Literal["auto", "me_only", "long", "cropped"] = "auto",
        repair: Literal["none", "official", "recommended"] = "recommended",
        missing: Literal["error", "skip"] = "error",
        sheet: str | None = None,
    ) -> None:
        self.expressions: shared.Wanted = expressions
        self.tree: Literal["auto", "me_only", "long", "cropped"] = tree
        self.repair: datasets.corrections.Level = repair
        self.missing: Literal["error", "skip"] = missing
        self.sheet = sheet

    def index(self, root: Path | None, /) -> Sequence[mertk.Clip]:
        """One clip per annotated expression; raises `DataError` where the folder is not right."""
        return datasets.survey.usable(self.survey(root), self.missing)

    def survey(self, root: Path | None, /) -> datasets.survey.Survey:
        """Everything that can be said about a folder, with problems listed instead of raised."""
        found = datasets.folders.explore("casme3", root, LAYOUT)
        table = sheet.table(found, self.expressions, self.sheet, LAYOUT)
        rows = sheet.annotated(table)
        source = datasets.annotations.Source(
            dataset="casme3",
            root=found.root,
            repairs=datasets.corrections.read(_REPAIRS),
            level=self.repair,
            tolerance=shared.TOLERANCE,
        )
        wanted = sheet.chosen(table, rows, self.expressions)
        records = list(shared.finished(_record(source, row) for row in wanted))
        place = functools.partial(folders.place, found.root)
        trees = folders.named(datasets.folders.trees(found, place))
        kinds = KINDS if self.expressions == "micro" else ("long", "me_only", "cropped")
        tree, no_tree = datasets.folders.choose_tree("casme3", found, trees, kinds, self.tree)
        editions = sheet.editions(table, self.expressions)
        return datasets.survey.survey(
            source,
            records,
            tree=tree,
            no_tree=no_tree,
            key=folders.key_in(tree),
            layout=LAYOUT,
            edition=sheet.edition(rows, records, editions),
            editions=editions,
            sheets=[table.file],
            assumed=_assumed(editions),
        )


def _record(source: Source, row: sheet.Annotation) -> Record:
    repairs = source.rows(row.subject, row.clip, row.onset, row.apex)
    _, quirks = datasets.corrections.repaired(repairs, {"type": row.kind}, source.level)
    upper = ("upper_case_letter",) if row.letter.isupper() else ()
    return datasets.annotations.annotated(
        source,
        place=f"row {row.row}",
        subject=row.subject,
        subject_native=row.native,
        clip=row.clip,
        video=row.letter,
        onset=row.onset,
        apex=row.apex,
        offset=row.offset,
        fps=shared.FPS,
        emotion=row.emotion,
        au=row.au,
        objective=row.objective_class,
        objective_source="Objective class",
        expression_type=row.kind,
        modality="rgb",
        quirks=(*quirks, *upper),
    )


def _assumed(editions: Sequence[datasets.survey.Edition]) -> list[str]:
    unknown = "how many rows the file of macro-expressions has is not known"
    return [shared.ASSUMED] if editions else [shared.ASSUMED, unknown]


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("casme3", CASME3, paper="doi:10.1109/TPAMI.2022.3174895")
