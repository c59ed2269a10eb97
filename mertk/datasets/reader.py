"""A reader of a published data set: annotation files on one side, folders of frames on the other.

`SpreadsheetReader` does what all of them do. A reader says what its data set has of its own: what
its files, columns and folders are called, which editions were published, how a row is read.
"""

# Types of parameters are looked up in the module of each reader, so here they are no texts: this
# module does without `from __future__ import annotations`.

import functools
import re
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from mertk.core.clips import Clip
from mertk.core.errors import DataError
from mertk.datasets import annotations, corrections, folders, spreadsheets
from mertk.datasets.annotations import Source
from mertk.datasets.editions import Edition, recognise_edition
from mertk.datasets.folders import Found, Place, Tree
from mertk.datasets.media import frames
from mertk.datasets.record import Record
from mertk.datasets.spreadsheets import Names, Row, Table
from mertk.datasets.survey import Reading, Survey, bind_reading, select_usable_clips

_TOTALS = frozenset({"total", "totals", "sum", "count", "mean", "average"})
_PUBLISHED = ("onset", "apex", "offset", "emotion", "au")
COLUMNS: Names = {
    "subject": ("subject", "sub", "subid"),
    "clip": ("filename",),
    "onset": ("onsetframe", "onset"),
    "apex": ("apexframe", "apex"),
    "offset": ("offsetframe", "offset"),
    "au": ("actionunits", "actionunit", "aus", "au"),
    "emotion": ("estimatedemotion", "emotion"),
}
"""The columns of CASME II, which other data sets have too: what it holds → normalised names."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a data set has published: `columns` and `optional` as `SpreadsheetReader` has them."""

    columns: Names = field(default_factory=lambda: COLUMNS)
    optional: Names = field(default_factory=dict)
    groups: Mapping[str, tuple[Edition, ...]] = field(default_factory=dict)

    @property
    def editions(self) -> tuple[Edition, ...]:
        """The editions of a data set that has one group of them."""
        return self.groups.get("", ())


@functools.cache
def read_published(file: Path) -> Mapping[str, Published]:
    """What a TOML file says of data sets: columns, optional columns, editions by their `group`."""
    found: dict[str, Published] = {}
    for name, table in tomllib.loads(file.read_text("utf-8")).items():
        groups: dict[str, tuple[Edition, ...]] = {}
        for row in table.get("editions", ()):
            group = row.pop("group", "")
            groups[group] = (*groups.get(group, ()), Edition(**row))
        columns, optional = table.get("columns", COLUMNS), table.get("optional", {})
        found[name] = Published(columns, optional, groups)
    return found


@dataclass(frozen=True, slots=True)
class NameForm:
    """The spellings of a name, and the one that ids are made from.

    `pattern` is a regular expression, case ignored. Its groups are put into `form`: the pattern
    `s(?:ub)?0*([0-9]+)` and the form `sub{:0>2}` make `sub03` of `S3`.
    """

    pattern: str
    form: str

    def parse(self, text: str) -> str | None:
        """The canonical spelling of a name; None for a text that is no such name."""
        found = re.fullmatch(self.pattern, text, re.IGNORECASE)
        return self.form.format(*found.groups()) if found else None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of an annotation file whose cells go by what they hold, such as `onset`.

    `columns` maps that to the table's (normalised) column name, '' where there is no such column.
    """

    table: Table
    row: Row
    columns: Mapping[str, str]

    def __getitem__(self, what: str) -> str:
        """The text of a cell; '' where it is empty or there is no such column."""
        return self.row[self.columns[what]]

    def need(self, *whats: str) -> list[str]:
        """The texts of these cells; raises `DataError` where one of them is empty."""
        return [self.table.filled(self.row, self.columns[what]) for what in whats]

    def name(self, what: str, form: NameForm, why: str) -> str:
        """The canonical spelling of a cell's name; raises `DataError`, which ends in `why`."""
        found = form.parse(self[what])
        if found is None:
            raise self.wrong(what, why)
        return found

    def wrong(self, what: str, why: str) -> DataError:
        """The error that names a cell, its text, and `why` it cannot be."""
        return DataError(f"{self.table.place(self.row, self.columns[what])}: '{self[what]}' {why}")

    def record(self, source: Source, **known: Any) -> Record:
        """The record of the row, with onset, apex, offset, emotion and AUs as published.

        `known` are the further parameters of `mertk.datasets.annotations.make_record` (at least
        `subject`, `clip` and `fps`), and those that are not what the cells say.
        """
        published = {what: self[what] for what in _PUBLISHED if what in self.columns}
        place, native = f"row {self.row.number}", self["subject"]
        whole: dict[str, Any] = {"place": place, "subject_native": native, **published, **known}
        return annotations.make_record(source, **whole)


@dataclass(kw_only=True, eq=False)
class SpreadsheetReader(ABC):
    """Reads a data set that has annotation files and a tree of folders of frames.

    A reader is a dataclass (`@dataclass(kw_only=True, eq=False)`) that sets the class attributes
    and has `place` and at least `read_line` or its own `read`. It names its kinds of trees in the
    type of `tree` and describes them in its docstring. It may add parameters, or fix one with
    `field(init=False, default=…)`.

    Args:
        tree: which frames are read: one of the reader's `kinds`, or with `auto` the first of these
            that exists.
        repair: which known errors of the annotations are corrected: `none`; `official`, where the
            authors published the right value; `recommended`, also where the field's best evidence
            gives it.
        missing: what happens where an annotated clip lacks frames: `error`; `skip`, which leaves
            the clip out with a warning, so that the clip list is no longer the published one; or
            `keep`, which leaves out only clips without the frames of onset, apex and offset, and
            says beside the scores how many others lack frames in between.
        sheet: file name of the annotations to read, where there are several editions; null takes
            the usual one.
    """

    name: ClassVar[str]
    """The name that the data set is registered under."""
    layout: ClassVar[str]
    """What a folder should hold, in one or two sentences for error messages."""
    kinds: ClassVar[Sequence[str]]
    """Kinds of frame trees, the preferred one first."""
    editions: ClassVar[Sequence[Edition]] = ()
    """The published editions of the annotations."""
    file_pattern: ClassVar[str] = ""
    """Regular expression that the names of annotation files match, case ignored."""
    file_names: ClassVar[Sequence[str]] = ()
    """Published names of annotation files, the preferred one first."""
    titles: ClassVar[Sequence[str]] = ()
    """Worksheets that are tried before the others of a file."""
    columns: ClassVar[Names] = COLUMNS
    """What a column holds → the normalised names that it may have; a table has all of these.

    `COLUMNS`, unless a reader has its own.
    """
    optional: ClassVar[Names] = {}
    """Likewise, of columns that a table may lack."""
    known_errors: ClassVar[Path | None] = None
    """The table of known errors, see `mertk.datasets.corrections`."""

    tree: str = "auto"
    repair: corrections.Level = "recommended"
    missing: Literal["error", "skip", "keep"] = "error"
    sheet: str | None = None

    def index(self, root: Path | None, /) -> Sequence[Clip]:
        """One clip per annotated expression; raises `DataError` where the folder is not right."""
        return select_usable_clips(self.survey(root), self.missing)

    def survey(self, root: Path | None, /) -> Survey:
        """Everything that is known about a folder, with problems listed instead of raised."""
        found = folders.explore_root(self.name, root, self.layout)
        trees = self.list_trees(found)
        tree, no_tree = self.find_tree(found, trees)
        reading = self.read(found, tree)
        first, (tree, no_tree) = tree, self.find_tree(found, trees, reading.records)
        if tree != first:
            reading = self.read(found, tree)
        count = self.count_clips(reading.records)
        survey = bind_reading(
            reading,
            tree=tree,
            no_tree=no_tree,
            key=self.key_in(tree),
            layout=self.layout,
            sort_pictures=self.sort_pictures,
            conceal=self.conceal,
        )
        if tree is None or not count(tree):
            survey = replace(survey, strays=tuple(folders.describe_strays(found)))
        others = self.list_other_files(found, reading)
        for one in trees:
            if (tree is None or one.path != tree.path) and count(one):
                (line,) = folders.describe_trees(found, [one], count)
                *camera, kind = one.kind.split()  # `hs raw` of SMIC
                option = "".join(f"camera={name}," for name in camera)
                others.append(f"{line[:-1]}, {self.name}:{option}tree={kind})")
        notices = list(found.skipped)
        if first and tree and first != tree:
            held = folders.describe_trees(found, [first, tree], count)
            notices.append(f"{held[0]} is not read but {held[1]}, which holds more of the clips")
        return replace(survey, others=tuple(others), notices=(*notices, *survey.notices))

    def list_other_files(self, found: Found, reading: Reading) -> list[str]:
        """The annotation files that are there and not read, and how to read them."""
        pattern, lines = self.file_pattern, []
        for file in found.sheets if pattern else ():
            if re.search(pattern, file.name, re.IGNORECASE) and file not in reading.sheets:
                lines.append(f"{file.relative_to(found.root)} ({self.name}:sheet={file.name})")
        return lines

    @abstractmethod
    def place(self, root: Path, folder: Path) -> Place | None:
        """What a folder below the root is: a clip of a tree, or None."""

    def read_line(self, source: Source, line: Line) -> Record:
        """The record of a row; raises `DataError` where a cell cannot be what it should.

        A reader that has its own `read` may do without.
        """
        raise NotImplementedError

    def sort_pictures(self, folder: Path) -> tuple[dict[int, Path], list[str]]:
        """The pictures of a folder by frame number, and the names of copies that are left out."""
        return frames.sort_pictures(folder)

    def conceal(self, text: str) -> str:
        """A message without names of people, where a data set's files have such names."""
        return text

    def find_tree(
        self, found: Found, trees: Sequence[Tree], records: Sequence[Record] = ()
    ) -> tuple[Tree | None, str]:
        """The one of these trees that holds most of the records' clips, or why there is none.

        Without records it is the preferred one.
        """
        covers = self.count_clips(records) if records else None
        return folders.choose_tree(
            self.name, found, trees, self.order_kinds(), self.tree, covers=covers
        )

    def order_kinds(self) -> Sequence[str]:
        """The kinds of trees, the preferred one first."""
        return self.kinds

    def count_clips(self, records: Sequence[Record]) -> Callable[[Tree], int]:
        """A function that counts the records whose folders in a tree hold pictures.

        It is 0 for a tree of other clips, in which a few folders happen to have the same names.
        """

        def count(tree: Tree) -> int:
            key = self.key_in(tree)
            held = sum(map(tree.has_pictures, map(key, records)))
            few = 10 * held < len(records) and 10 * held < len(tree.folders)
            return 0 if few else held

        return count

    def list_trees(self, found: Found) -> list[Tree]:
        """All trees of frames that are there."""
        return folders.group_into_trees(found, lambda folder: self.place(found.root, folder))

    def key_in(self, tree: Tree | None) -> Callable[[Record], str]:  # noqa: ARG002
        """A function that gives the key of a record's folder in the tree."""
        return self.key

    def key(self, record: Record) -> str:
        """The key of a record's folder, wherever the tree does not matter for it."""
        return f"{record.subject}/{record.clip}".lower()

    def read(self, found: Found, tree: Tree | None) -> Reading:  # noqa: ARG002
        """The records of the annotation file; raises `DataError` where it cannot be read."""
        table = self.read_table(found)
        source = self.make_source(found)
        records = [self.read_line(source, line) for line in self.lines(table)]
        edition = self.recognise(table, records)
        return Reading(source, records, self.editions, [table.file], edition=edition)

    def read_table(self, found: Found, names: Sequence[str] = ()) -> Table:
        """The table of the annotation file; raises `DataError` where there is none.

        `names` are those of the files that are preferred now, if not `file_names`.
        """
        return spreadsheets.read_table(self.find_file(found, names), before=self.titles)

    def find_file(self, found: Found, names: Sequence[str] = ()) -> Path:
        """The annotation file; raises `DataError` where there is none."""
        pattern, names = self.file_pattern, names or self.file_names
        file = folders.choose_sheet(self.name, found, pattern, names, self.sheet)
        return folders.need_sheet(self.name, found, file, self.layout)

    def make_source(self, found: Found, **known: Any) -> Source:
        """What all rows have in common; `known` are further fields of `Source`."""
        table = corrections.read_repairs(self.known_errors) if self.known_errors else {}
        whole: dict[str, Any] = {"repairs": table, "keep_gaps": self.missing == "keep", **known}
        return Source(dataset=self.name, root=found.root, level=self.repair, **whole)

    def lines(self, table: Table, *, empty: bool = False, remarks: bool = False) -> list[Line]:
        """All rows; raises `DataError` where a column is missing, or all rows unless `empty`.

        It also raises where the last row is a total, unless `remarks` may stand below the table.
        """
        columns = self.find_columns(table)
        if not table.rows and not empty:
            raise DataError(f"{table.place()}: a header but no rows")
        lines = [Line(table, row, columns) for row in table.rows]
        for line in () if remarks else lines[-1:]:
            _refuse_total(line)
        return lines

    def find_columns(self, table: Table) -> Mapping[str, str]:
        """The table's name of each of `columns` and `optional`, '' for one that it lacks."""
        found = {what: table.column(*names) for what, names in self.columns.items()}
        for what, names in self.optional.items():
            found[what] = table.optional(*names)
        return found

    def recognise(self, table: Table, records: Sequence[Record]) -> str:  # noqa: ARG002
        """The name of the published edition that the records are."""
        return recognise_edition(records, self.editions)


def _refuse_total(line: Line) -> None:
    """Raise `DataError` where a row sums up the others: it names no clip, or says `total`."""
    texts = [text.lower() for text in line.row.cells.values()]
    named = [line[what] for what in ("clip", "letter", "emotion") if line.columns.get(what)]
    if _TOTALS.intersection(texts) or (named and not any(named) and list(filter(None, texts))):
        shown = ", ".join(filter(None, line.row.cells.values()))
        raise DataError(
            f"{line.table.place(line.row)}: '{shown}' is no expression but a total: delete the row"
        )
