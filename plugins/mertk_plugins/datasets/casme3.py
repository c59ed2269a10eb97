"""CAS(ME)^3 part A: 860 micro-expressions of 94 people at 30 frames a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import mertk
from mertk import datasets
from mertk_plugins.datasets import _casme3_folders as folders
from mertk_plugins.datasets import _casme3_shared as shared
from mertk_plugins.datasets import _casme3_sheet as sheets

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.folders import Found, Place, Tree
    from mertk.datasets.reader import Line, Reading
    from mertk.datasets.record import Record
    from mertk.datasets.spreadsheets import Names


@dataclass(kw_only=True, eq=False)
class CASME3(datasets.reader.SpreadsheetReader):
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
    titles = ("AU+Emotion", "label")  # other sheets of these files are working copies and blinks
    columns: ClassVar[Names] = sheets.COLUMNS
    optional: ClassVar[Names] = sheets.OPTIONAL
    known_errors = Path(__file__).with_name("_casme3_repairs.csv")

    expressions: shared.Wanted = "micro"
    tree: Literal["auto", "me_only", "long", "cropped"] = "auto"

    def find_tree(self, found: Found) -> tuple[Tree | None, str]:
        """The tree of frames, or why there is none; macro-expressions are in recordings."""
        trees = datasets.folders.group_into_trees(
            found, lambda folder: self.place(found.root, folder)
        )
        kinds = self.kinds if self.expressions == "micro" else ("long", "me_only", "cropped")
        known = folders.name_trees(trees)
        return datasets.folders.choose_tree(self.name, found, known, kinds, self.tree)

    def key_in(self, tree: Tree | None) -> Callable[[Record], str]:
        """Finds the folder of a record, whatever edition it was cut by."""
        return folders.key_in(tree)

    def read(self, found: Found, tree: Tree | None) -> Reading:  # noqa: ARG002
        """The records of the expressions that are wanted; raises `DataError` if there are none."""
        table = self.read_table(found, sheets.NAMES[self.expressions])
        lines = self.lines(table)
        kinds = [sheets.check_line(line) for line in lines]
        source = self.make_source(found, tolerance=shared.TOLERANCE)
        wanted = sheets.choose_lines(table, lines, kinds, self.expressions)
        records = list(
            shared.mark_long_expressions(self.read_line(source, line) for line in wanted)
        )
        editions = sheets.list_editions(table, self.expressions)
        return datasets.reader.Reading(
            source=source,
            records=records,
            edition=sheets.recognise(kinds, records, editions),
            editions=editions,
            sheets=[table.file],
            assumed=_list_assumptions(editions),
        )

    def read_line(self, source: Source, line: Line) -> Record:
        """The record of a row that was checked."""
        person, kind = sheets.read_subject(line), sheets.check_line(line)
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
            objective=sheets.read_class(line),
            objective_source="Objective class",
            expression_type=kind,
            modality="rgb",
            quirks=(*quirks, *upper),
        )

    def place(self, root: Path, folder: Path) -> Place | None:
        """A recording or a clip of colour frames, see `folders.place`."""
        return folders.classify_folder(root, folder)


def _list_assumptions(editions: Sequence[datasets.survey.Edition]) -> list[str]:
    unknown = "how many rows the file of macro-expressions has is not known"
    return [shared.ASSUMED] if editions else [shared.ASSUMED, unknown]


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("casme3", CASME3, paper="doi:10.1109/TPAMI.2022.3174895")
