"""4DME: 267 micro-expressions, filmed in grey at 60 frames a second, with several emotions each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import mertk
from mertk import datasets
from mertk.datasets.annotations import Source
from mertk.datasets.corrections import Repair, apply_repairs, list_repair_keys, read_repairs
from mertk.datasets.folders import Found, Place, Tree
from mertk.datasets.reader import Line
from mertk.datasets.record import Record
from mertk.datasets.spreadsheets import Table
from mertk.datasets.survey import Reading

_HERE = Path(__file__)
_PUBLISHED = datasets.reader.read_published(_HERE.with_name("_published.toml"))["fourdme"]
_RELEASE = "release v1"
_RELEASE_FILE = re.compile(r"release[ _-]*v1(?![0-9.])", re.IGNORECASE)
_SWAPPED = (144, 145)  # rows of the release, counted from 0
_PARTS = (("videonumber", 3), ("menumber", 2), ("submenumber", 1))  # of a clip's name, and digits
_UNMARKED = frozenset({"", "0", "nan"})
_EMOTIONS = ("positive", "negative", "surprise", "repression", "others")
_BETWEEN_EMOTIONS = re.compile(r"[+,，/;&]|\band\b")

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
_NUMBERS = "the last number in a picture's name is the frame number of the annotations"
_NAMED = "clips are named by the numbers of video, expression and part: 001_01_1"


@dataclass(kw_only=True, eq=False)
class FourDME(datasets.reader.SpreadsheetReader):
    """The grey videos of 4DME, from its spreadsheet and one of its trees of frames.

    A record's `emotions` are all of a clip's, its label joins them (`positive+surprise`). People
    who came twice (S13_1st, S13_2nd) are one subject, so that no fold holds one of their sessions
    out and trains on the other.

    Args:
        tree: which frames are read: `raw`, `cropped`, or with `auto` the first of these that
            exists.
    """

    default_protocol = "fourdme_5"
    obtain = "University of Oulu, Center for Machine Vision and Signal Analysis (licence agreement)"

    name = "fourdme"
    layout = (
        "The folder should hold '4DME_Labelling_Micro_release v1.xlsx' and a tree of grey frames "
        "(gray_micro or gray_micro_crop) with folders such as S13_1st/001_01_1. Colour, depth, 4D "
        "and macro-expressions are not read."
    )
    kinds = ("raw", "cropped")
    editions = _PUBLISHED.editions
    columns = _PUBLISHED.columns
    optional = _PUBLISHED.optional
    file_pattern = r"4d[ _-]?m(?:e|icro)(?!.*macro)"
    file_names = ("4DME_Labelling_Micro_release v1.xlsx", "4DME_Labelling_Micro.xlsx")
    known_errors = _HERE.with_name("_fourdme_repairs.csv")

    tree: Literal["auto", "raw", "cropped"] = "auto"

    def read(self, found: Found, tree: Tree | None) -> Reading:  # noqa: ARG002
        """The records of the spreadsheet, in the release or in the list before it."""
        table = _strip_apostrophes(self.read_table(found))
        lines, assumed = self.lines(table, remarks=True), []
        if not lines[0].columns["clip"]:
            assumed.append(_NAMED)
            if not table.columns.keys() >= dict(_PARTS).keys():
                table.column(*self.optional["clip"])  # raises, and says which columns there are
        if _is_summary(lines[-1]):
            assumed.append(f"row {lines.pop().row.number}, at the end, is a summary and left out")
        if not lines:
            raise mertk.DataError(f"{table.place()}: a header but no rows")
        lines = [_resolve_names(line) for line in lines]
        edition = self.editions[1] if _NAMED in assumed else self.editions[0]
        known = read_repairs(self.known_errors)
        if edition.name == _RELEASE and len(lines) == edition.rows:
            known = {**known, **_list_swapped_rows(table.file, lines)}
        source = self.make_source(found, repairs=known)
        records = [self.read_line(source, line) for line in lines]
        assumed.append(_NUMBERS)
        name = datasets.editions.recognise_edition(records, [edition])
        return Reading(source, records, self.editions, [table.file], assumed, name)

    def read_line(self, source: Source, line: Line) -> Record:
        """The record of a row, marked where columns of emotions and AUs say something else."""
        subject, session, clip = line["person"], line["session"], line["clip"]
        repairs = source.rows(subject, clip, line["onset"], line["apex"])
        final, _ = apply_repairs(repairs, {"emotion": line["emotion"]}, source.level)
        words = _split_words(final["emotion"])
        emotions = tuple(word for word in _EMOTIONS if word in words)
        quirks = () if words <= set(_EMOTIONS) else ("emotion_unknown",)
        record = line.record(
            source,
            subject=subject,
            session=session,
            clip=clip,
            fps=60.0,
            emotions=emotions,
            self_report=line["self_report"],
            modality="grey",
            uid_tail=session,
            quirks=quirks if words else ("emotion_missing",),
        )
        if emotions:
            record = replace(record, label="+".join(emotions), emotion="+".join(emotions))
        differ = {
            "emotion_columns_differ": _compare_emotions(line),
            "au_columns_differ": _compare_aus(line),
        }
        for quirk, note in differ.items():
            if note:
                record = replace(
                    record, quirks=(*record.quirks, quirk), notes=(*record.notes, note)
                )
        return record

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/S13_1st/001_01_1` is a clip, and `…/S13_1st_001_01_1` too."""
        if folder == root:
            return None
        flat = _FLAT.fullmatch(folder.name)
        parent = _FOLDER.fullmatch(folder.parent.name) if folder.parent != root else None
        found = flat or parent
        if found is None:
            return None
        base = folder.parent.parent if parent else folder.parent
        clip = flat["clip"] if flat else folder.name
        kind = datasets.folders.kind_of(base, root, _WORDS, "raw")
        return datasets.folders.Place(base, kind, _make_key(*_name_person(found), clip))

    def key_in(self, tree: Tree | None) -> Callable[[Record], str]:
        """Finds the folder of a record in a tree, whether its session is named or not.

        Some folders have a dash behind their names. Where the list or the folders do not tell the
        sessions of a person apart, the only folder of that clip is taken.
        """
        folders = tree.folders if tree else {}
        alike = Counter(map(_loosen_key, folders))
        only = {_loosen_key(key): key for key in folders if alike[_loosen_key(key)] == 1}

        def key_of(record: Record) -> str:
            exact = _make_key(record.subject, record.session, record.clip)
            for name in (exact, f"{exact}-"):
                if name in folders:
                    return name
            alone = only.get(_loosen_key(exact), exact)
            either = record.session and "_" in alone.partition("/")[0]
            return exact if either else alone

        return key_of


def _strip_apostrophes(table: Table) -> Table:
    """The table without the apostrophes that mark text in the list before the release."""
    rows = []
    for row in table.rows:
        cells = {column: text.strip("'").strip() for column, text in row.cells.items()}
        rows.append(replace(row, cells=cells))
    return replace(table, rows=tuple(rows))


def _is_summary(line: Line) -> bool:
    """Whether a row names no emotion, and no clip or nobody."""
    clip = line["clip"] if line.columns["clip"] else line.row[_PARTS[0][0]]
    named = clip and _CELL.fullmatch(line["subject"])
    return not named and _split_words(line["emotion"]).isdisjoint(_EMOTIONS)


def _resolve_names(line: Line) -> Line:
    """The row with its person, session and clip as texts; raises `DataError` for other names."""
    native, found = line["subject"], _CELL.fullmatch(line["subject"])
    if found is None:
        raise line.wrong("subject", "is not a subject such as S13 or S13_1st")
    person, session = _name_person(found)
    if line.columns["clip"]:
        (clip,) = line.need("clip")
        if clip.lower().startswith(f"{native}_".lower()):  # some lists put the person before it
            clip = clip[len(native) + 1 :]
    else:
        parts = []
        for column, digits in _PARTS:
            text = line.table.filled(line.row, column)
            parts.append(text.partition(".")[0].zfill(digits))
        clip = "_".join(parts)
    resolved = {"person": person, "session": session, "clip": clip}
    row = replace(line.row, cells={**line.row.cells, **resolved})
    return replace(line, row=row, columns={**line.columns, **{name: name for name in resolved}})


def _name_person(found: re.Match[str]) -> tuple[str, str]:
    """Somebody in one of their sessions: `S13` and `1st`; most have only one ('')."""
    return f"S{found['number']:0>2}", (found["session"] or "").lower()


def _make_key(person: str, session: str, clip: str) -> str:
    return f"{f'{person}_{session}'.rstrip('_')}/{clip}".lower()


def _loosen_key(key: str) -> str:
    """A key without session and dash."""
    who, _, name = key.partition("/")
    return f"{who.partition('_')[0]}/{name.rstrip('-')}"


def _list_swapped_rows(file: Path, lines: Sequence[Line]) -> Mapping[str, tuple[Repair, ...]]:
    """Repairs of two rows of the release whose labels stand in each other's place.

    The values themselves were never published, so they are known by their place in the file alone:
    any other file, or one of another length, is left as it is.
    """
    found: dict[str, tuple[Repair, ...]] = {}
    if not _RELEASE_FILE.search(file.stem):
        return found
    one, other = (lines[at] for at in _SWAPPED)
    why = "MEB exchanges the labels of the 145th and 146th row"
    for line, right in ((one, other), (other, one)):
        key = list_repair_keys(line["person"], line["clip"], line["onset"], line["apex"])[-1]
        for what in ("au", "emotion"):
            change = (what, line[what], right[what], "recommended", "labels_swapped", why)
            found[key] = (*found.get(key, ()), Repair(_RELEASE, key, *change))
    return found


def _split_words(text: str) -> set[str]:
    """All words of an emotion cell such as `Surprise+Positive`, in their common spelling."""
    parts = _BETWEEN_EMOTIONS.split(text.lower())
    return set(map(datasets.record.canonical_emotion, parts)) - {""}


def _compare_emotions(line: Line) -> str:
    """What the text and the marked columns of emotions say where they disagree, else ''."""
    columns = {word: word for word in _EMOTIONS if word in line.table.columns}
    marked = _find_marked(line, columns)
    named = _split_words(line["emotion"]) & columns.keys()
    return "" if named == marked else _describe_difference("emotions", named, marked)


def _compare_aus(line: Line) -> str:
    """The same of AUs; those that were merely kept from before may be marked or not."""
    columns = {}
    for column in line.table.columns:
        number = re.fullmatch("au0*([0-9]{1,2})", column)
        if number:
            columns[number[1]] = column
    try:
        codes = datasets.action_units.parse_aus(line["au"])
    except mertk.DataError:  # the clip is marked for that: there is nothing to compare
        codes = None
    if codes is None or not columns:
        return ""
    kept = {str(code.au) for code in codes if "kept" in code.flags}
    named = columns.keys() & map(str, datasets.action_units.plain_aus(codes))
    marked = _find_marked(line, columns)
    return "" if named <= marked <= named | kept else _describe_difference("AUs", named, marked)


def _find_marked(line: Line, columns: Mapping[str, str]) -> set[str]:
    return {name for name, column in columns.items() if line.row[column] not in _UNMARKED}


def _describe_difference(what: str, named: Collection[str], marked: Collection[str]) -> str:
    texts = []
    for words in (named, marked):
        texts.append("+".join(sorted(words, key=lambda word: (len(word), word))) or "none")
    return f"{what}: the text says {texts[0]}, the columns {texts[1]}"


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("fourdme", FourDME, paper="doi:10.1109/TAFFC.2022.3182342")
