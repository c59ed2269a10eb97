"""DFME at 200, 300 or 500 frames a second: 2629 clips of the challenge, or all 7526."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import mertk
from mertk import datasets
from mertk.datasets.editions import Edition
from mertk.datasets.folders import Found, Place, Tree
from mertk.datasets.reader import Line, NameForm
from mertk.datasets.record import Record
from mertk.datasets.survey import Reading

Part = Literal["train", "testA", "testB", "full"]

_PUBLISHED = datasets.reader.read_published(Path(__file__).with_name("_published.toml"))["dfme"]
_PARTS: tuple[Part, ...] = ("train", "testA", "testB", "full")
_PATTERNS: Mapping[Part, str] = {
    "train": r"train",
    "testA": r"test[ _-]*(?:data[ _-]*)?a(?![a-z])",
    "testB": r"test[ _-]*(?:data[ _-]*)?b(?![a-z])",
    "full": r"^(?!.*(?:train|test)).*(?:dfme|me_?v4|full|all|label|annotation)",
}
_FILES: Mapping[Part, tuple[str, ...]] = {
    "train": ("training_full_with_AU.xlsx", "DFME_training_full_with_AU.xlsx"),
    "testA": ("testA_full_with_AU.xlsx", "DFME_test_A_full_with_AU.xlsx"),
    "testB": ("testB_full_with_AU.xlsx", "DFME_test_B_full_with_AU.xlsx"),
    "full": ("DFME.xlsx", "DFME_full.xlsx"),
}
_EMOTIONS = tuple(_PUBLISHED.groups["train"][0].labels)
"""In the order of `EmotionId`, which counts from 0."""

_SUBJECT = NameForm(r"(?:sub(?:ject)?[ _-]*)?0*([0-9]{1,5})(?:\.0+)?", "sub{:0>4}")
_CLIP = NameForm(r"sub0*([0-9]{1,5})_([^/\\]+)", "sub{:0>4}_{}")
_RATES = frozenset({200.0, 300.0, 500.0})
_FASTEST = 100_000.0  # frames a second; no camera of faces is faster, nor slower than 1
_WITHOUT_AUS = frozenset({"au_unknown"})
_UNSEEN = (
    (
        "the spreadsheet of the whole set was not seen by mertk: it is taken to have the columns "
        "of the challenge's, and clips to lie in USTC_MEv4_partA_…/micro/anger/sub0001_01"
    ),
    "no clip of the whole set is in a part of the official split; dfme_10fold has its folds",
)


@dataclass(kw_only=True, eq=False)
class DFME(datasets.reader.SpreadsheetReader):
    """DFME, from up to three spreadsheets of the challenge and their trees, or in full from one.

    A clip's part is its record's `official_split`; its frame rate is its own. The whole set of 7526
    clips has no official split: use the protocol dfme_10fold.

    Args:
        parts: the parts of the official split that are read, any of `train`, `testA` and `testB`,
            or `full` alone, the whole set; null reads the parts that are there, or else the whole.
        tree: which frames are read: `raw`, `cropped`, or with `auto` the first of these that
            exists.
        repair: without effect, as no errors of the spreadsheets are known; one of `none`,
            `official` and `recommended`, as for other data sets.
    """

    default_protocol = "dfme_7"
    obtain = "mea-lab-421.github.io (licence agreement)"

    name = "dfme"
    layout = (
        "The folder should hold training_full_with_AU.xlsx, testA_full_with_AU.xlsx and "
        "testB_full_with_AU.xlsx, or some of these, and their frames in DFME_train, test_data_A "
        "and test_data_B, with pictures such as DFME_train/sub0003_01/00109.png."
    )
    kinds = ("raw", "cropped")
    columns = _PUBLISHED.columns
    optional = _PUBLISHED.optional

    parts: list[str] | None = None
    tree: Literal["auto", "raw", "cropped"] = "auto"
    sheet: None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Put the parts into their order; raises `ValueError` where one is unknown."""
        if not set(self.parts or ()) <= set(_PARTS) or (
            "full" in (self.parts or ()) and len(self.parts or ()) > 1
        ):
            raise ValueError(
                f"parts={self.parts}; choose from {', '.join(_PARTS[:-1])}, or full alone"
            )
        self.parts = [part for part in _PARTS if part in (self.parts or ())]

    def list_trees(self, found: Found) -> list[Tree]:
        """The trees of all parts that are read: clips tell them apart, nobody is in two of them."""
        parts = {*self._find_files(found), None}

        def place(folder: Path) -> Place | None:
            within = map(_find_part, folder.relative_to(found.root).parts[:-1])
            return self.place(found.root, folder) if parts.issuperset(within) else None

        return datasets.folders.group_into_trees(found, place)

    def read(self, found: Found, tree: Tree | None) -> Reading:  # noqa: ARG002
        """The records of all parts that are read."""
        rows: list[tuple[Line, dict[str, Any]]] = []
        parts_of: dict[str, set[str]] = defaultdict(set)
        coded, files = False, self._find_files(found)
        for part, file in files.items():
            table = datasets.spreadsheets.read_table(file)
            coded = coded or bool(table.optional(*self.optional["au"]))
            for line in self.lines(table):
                row = _read_row(line)
                rows.append((line, {"official_split": "" if part == "full" else part, **row}))
                parts_of[row["subject"]].add(part)
        if "full" in files:
            return self._read_whole(found, files["full"], rows, coded=coded)
        source = self.make_source(found, unremarkable=frozenset() if coded else _WITHOUT_AUS)
        records: list[Record] = []
        for line, row in rows:
            if len(parts_of[row["subject"]]) > 1:
                row["quirks"] = (*row["quirks"], "subject_in_two_parts")
            records.append(line.record(source, modality="rgb", **row))
        editions = [_PUBLISHED.groups[part][0] for part in files]
        whole, edition = _add_editions(editions), datasets.editions.UNRECOGNISED
        for part, published in zip(files, editions, strict=True):
            if not published.fits([one for one in records if one.official_split == part]):
                break
        else:
            edition = datasets.editions.recognise_edition(records, [whole])
        sheets = list(files.values())
        lacking = [part for part in _PARTS[:-1] if part not in files]
        return datasets.survey.Reading(
            source,
            records,
            [whole],
            sheets,
            edition=edition,
            advice=f"this protocol needs {' and '.join(lacking)}" if lacking else "",
        )

    def _read_whole(
        self, found: Found, file: Path, rows: Sequence[tuple[Line, dict[str, Any]]], *, coded: bool
    ) -> Reading:
        """The whole set, which no one part is of; counts other than the published ones are told."""
        source = self.make_source(found, unremarkable=frozenset() if coded else _WITHOUT_AUS)
        records = [line.record(source, modality="rgb", **row) for line, row in rows]
        editions = _PUBLISHED.groups["full"]
        advice = "the official split needs the spreadsheets of the challenge; see dfme_10fold"
        return datasets.survey.Reading(
            source, records, editions, [file], assumed=_UNSEEN, advice=advice
        )

    def _find_files(self, found: Found) -> dict[Part, Path]:
        """The spreadsheet of each part that is wanted, or (none named) of each that is there.

        Raises `DataError` where a wanted one is missing, or all are.
        """
        wanted, files = self.parts or (), dict[Part, Path]()
        for part in _PARTS:
            if part == "full" and files:
                break
            names = _FILES[part]
            file = datasets.folders.choose_sheet("dfme", found, _PATTERNS[part], names, None)
            if file is not None and (part in wanted or not wanted):
                files[part] = file
            elif part in wanted:
                raise mertk.DataError(
                    f"dfme: no spreadsheet of the part {part}, such as {names[0]}, below "
                    f"{found.root}; spreadsheets found: {datasets.folders.list_sheets(found)}"
                )
        if not files:
            datasets.folders.need_sheet("dfme", found, None, self.layout)
        return files

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/sub0003_01` is a clip; the folders of all parts make up one tree.

        In the whole set so is every `…/micro/anger/NAME`; what lies below `macro` is none.
        """
        above = [part.lower() for part in folder.relative_to(root).parts[:-1]]
        named = _CLIP.parse(folder.name)
        if named is None and above[-2:-1] == ["micro"]:
            named = folder.name
        if named is None or folder == root or "macro" in above:
            return None
        kind = datasets.folders.kind_of(folder.parent, root, {"crop": "cropped"}, "raw")
        return datasets.folders.Place(root, kind, named.lower())

    def key(self, record: Record) -> str:
        """Names of clips are unique."""
        return record.clip.lower()


def _find_part(name: str) -> Part | None:
    """The part of the split that the name of a folder says, such as `test_data_A`."""
    for part, pattern in _PATTERNS.items():
        if part != "full" and re.search(pattern, name, re.IGNORECASE):
            return part
    return None


def _read_row(line: Line) -> dict[str, Any]:
    """What a row says beside its plain texts, as `Line.record` takes it.

    Raises `DataError` where a name is missing or is none.
    """
    _, name, emotion = line.need("subject", "clip", "emotion")
    person = line.name("subject", _SUBJECT, "is not a subject such as sub0003")
    rate, clip, quirks = _parse_rate(line), _CLIP.parse(name), []
    if clip is None:
        quirks.append("irregular_name")
    elif not clip.startswith(f"{person}_"):
        quirks.append("subject_differs_from_name")
    if line.columns["emotion_id"]:
        word = datasets.record.canonical_emotion(emotion)
        right = str(_EMOTIONS.index(word)) if word in _EMOTIONS else None
        if line["emotion_id"].removesuffix(".0") != right:
            quirks.append("emotion_id_differs")
    if rate not in _RATES:
        quirks.append("fps_unusual")
    return {
        "place": f"row {line.row.number} of {line.table.file.name}",
        "subject": person,
        "clip": clip or name,
        "fps": rate,
        "quirks": tuple(quirks),
    }


def _parse_rate(line: Line) -> float:
    try:
        rate = float(line["fps"])
    except ValueError:
        rate = 0.0
    if not 1 <= rate <= _FASTEST:
        raise line.wrong("fps", "is not a frame rate in Hz such as 500")
    return rate


def _add_editions(parts: Sequence[Edition]) -> Edition:
    """What was published of these parts together, under the name of the challenge."""
    labels: Counter[str] = Counter()
    for part in parts:
        labels.update(part.labels)
    name = " + ".join(part.name.removeprefix("CCAC ") for part in parts)
    people = sum(part.subjects or 0 for part in parts)
    (all_parts,) = _PUBLISHED.groups["all"]
    known = all_parts if all_parts.name == f"CCAC {name}" else None
    return datasets.editions.Edition(
        f"CCAC {name}",
        labels.total(),
        people,
        dict(labels),
        timing=known.timing if known else "",
        label_list=known.label_list if known else "",
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("dfme", DFME, paper="doi:10.1109/TAFFC.2023.3341918")
