"""External predictions: the submission log of MEGC 2019, and tables of clips.

A submission log has a line `casme2 sub01` for each subject and below it `CLIP TRUTH PREDICTION` for
each clip. A table (comma, semicolon or tab) has columns `clip` (or `uid`), `truth` (or `label`) and
`prediction` (or `predicted`), and perhaps `subject` (or `person`), `dataset` and `fold`. Classes
are names or numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mertk.core.clip_lists import Manifest
from mertk.core.errors import DataError, ProtocolError
from mertk.core.spelling import check_spelling, normal_name
from mertk.datasets.binding import make_frameless_clip
from mertk.datasets.record import Record
from mertk.datasets.spreadsheets import Cells, find_columns, read_cells, read_texts, table_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from mertk.core.clips import Clip

MEGC2019 = Manifest(
    counts={
        "casme2": {"negative": 88, "positive": 32, "surprise": 25},
        "samm": {"negative": 92, "positive": 26, "surprise": 15},
        "smic": {"negative": 70, "positive": 51, "surprise": 43},
    },
    subjects={"casme2": 24, "samm": 28, "smic": 16},
    sha256="32df980f36a4d45ad5d55e9ecb93d350bea34991dea9c3cbe76388b23eb7259f",
    edition="MEGC 2019",
)
"""The composite database of MEGC 2019 (See et al., FG 2019), clips by data set and class."""

MEGC2019_CLASSES = ("negative", "positive", "surprise")
"""What 0, 1 and 2 stand for in a submission log."""

_NAMES = {
    "clip": ("clip", "uid"),
    "truth": ("truth", "label"),
    "prediction": ("prediction", "predicted"),
    "subject": ("subject", "person"),
    "dataset": ("dataset",),
    "fold": ("fold",),
}
_NEEDED = ("clip", "truth", "prediction")
_MOST_CLASSES = 100


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """A file of predictions.

    `table` has one row a clip: `dataset`, `subject`, `clip` and `fold` as text, empty where the
    file does not name them, and `truth` and `predicted`, which index into `classes`. Subjects and
    folds are all known, or none.
    """

    file: Path
    classes: tuple[str, ...]
    table: pd.DataFrame

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets, in the order of the log; one empty name where it names none."""
        return tuple(self.table["dataset"].unique())

    @property
    def truth(self) -> NDArray[np.int64]:
        """True classes `[clips]`."""
        return self.table["truth"].to_numpy(np.int64)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Predicted classes `[clips]`."""
        return self.table["predicted"].to_numpy(np.int64)

    @property
    def people(self) -> list[str] | None:
        """The person in each clip, `dataset/subject`; None where the log names none."""
        known = self.table["subject"].iloc[0]
        return (self.table["dataset"] + "/" + self.table["subject"]).tolist() if known else None

    @property
    def folds(self) -> list[str] | None:
        """The fold of each clip: as the log names it, or else its person."""
        return self.table["fold"].tolist() if self.table["fold"].iloc[0] else self.people

    def clips(self) -> list[Clip]:
        """The clips, without frames, to compare with a published list (`mertk.core.clip_lists`)."""
        clips = []
        for row in self.table.to_dict("records"):
            record = Record(
                uid=f"{row['dataset']}/{row['subject']}/{row['clip']}",
                dataset=row["dataset"],
                subject=row["subject"],
                subject_native=row["subject"],
                clip=row["clip"],
                label=self.classes[row["truth"]],
                onset=None,
                apex=None,
                offset=None,
                fps=1,
            )
            clips.append(make_frameless_clip(record, f"{self.file} holds predictions alone"))
        return clips


def read_predictions(path: Path, classes: Sequence[str] = ()) -> Log:
    """Read a submission log or a table.

    `classes` is the list over which is scored, and what the numbers from 0 on stand for. Default:
    those of MEGC 2019 for a submission log, else all that are true of some clip. Raises `DataError`
    naming file, row and column of what cannot be, and `ProtocolError` where a class has no clip.
    """
    import pandas as pd

    cells = read_cells(path)
    header = next(at for at, row in enumerate(cells) if any(row))
    submission = _is_subject(" ".join(cells[header]).split())
    read = _read_submission(path, cells) if submission else _read_table(path, cells, header)
    unknown = dict.fromkeys(("where", *_NAMES), "")
    rows = pd.DataFrame([unknown | row for row in read])
    if rows.empty:
        raise DataError(f"{path}: holds no predictions")
    check_spelling("classes", classes, DataError, "--classes")
    known = tuple(classes) or (MEGC2019_CLASSES if submission else _list_classes(rows["truth"]))
    if len(known) > _MOST_CLASSES:
        where = "--classes" if classes else "column 'truth'"
        raise DataError(
            f"{path}: {len(known):,} different classes in {where}, such as '{known[0]}'; at most "
            f"{_MOST_CLASSES} are scored. Is it the column of the classes?"
        )
    _check_rows(path, rows)
    numbered = bool(classes) or submission
    rows["truth"] = _number_classes(rows, "truth", known, numbered=numbered)
    rows["predicted"] = _number_classes(rows, "prediction", known, numbered=numbered)
    _check_classes(path, known, rows["truth"])
    return Log(path, known, rows.drop(columns=["where", "prediction"]))


def _is_subject(words: Sequence[str]) -> bool:
    return len(words) == 2 and words[0].lower() in MEGC2019.counts


def _read_submission(path: Path, cells: Cells) -> Iterator[dict[str, str]]:
    person: dict[str, str] = {}
    for number, row in enumerate(cells, 1):
        words = " ".join(row).split()
        if _is_subject(words):
            person = {"dataset": words[0].lower(), "subject": words[1]}
        elif len(words) == 3:
            clip = dict(zip(("clip", "truth", "prediction"), words, strict=True))
            yield {"where": f"{path}, row {number}", **clip, **person}
        elif words:
            raise DataError(
                f"{path}, row {number}: '{' '.join(words)}' is neither DATASET SUBJECT "
                f"({', '.join(MEGC2019.counts)}) nor CLIP TRUTH PREDICTION"
            )


def _read_table(path: Path, cells: Cells, header: int) -> Iterator[dict[str, str]]:
    table = table_of(path, "", cells, header)
    columns = find_columns(table, _NAMES, _NEEDED)
    for row in table.rows:
        texts = read_texts(table, row, columns)
        dataset, _, subject = texts.get("subject", "").rpartition("/")
        parts = texts["clip"].split("/")
        if not subject and len(parts) > 2:  # a uid: dataset/subject/clip
            dataset, subject = parts[:2]
        yield {"where": table.place(row), "dataset": dataset, **texts, "subject": subject}


def _check_rows(path: Path, rows: pd.DataFrame) -> None:
    """Refuse clips that are there twice, subjects that only some rows have, and two spellings."""
    check_spelling("data sets", rows["dataset"], DataError, str(path))
    check_spelling("people", rows["dataset"] + "/" + rows["subject"], DataError, str(path))
    check_spelling("folds", rows["fold"], DataError, str(path))
    named = rows["subject"] != ""
    other = rows[named != named[0]]
    if len(other):
        raise DataError(f"{other['where'].iloc[0]}: some rows name a subject and some do not")
    key = ["dataset", "subject", "clip"]
    again = rows[rows.duplicated(key)]
    if named[0] and len(again):
        second = again.iloc[0]
        first = rows[(rows[key] == second[key]).all(axis=1)]["where"].iloc[0]
        raise DataError(
            f"{second['where']}, column 'clip': {'/'.join(filter(None, second[key]))} is there "
            f"twice; first in {first.removeprefix(f'{path}, ')}"
        )


def _list_classes(truth: pd.Series[str]) -> tuple[str, ...]:
    names = {normal_name(text): text.lower() for text in reversed(truth.tolist())}
    if all(map(str.isdecimal, names)):
        return tuple(sorted(names, key=int))
    return tuple(sorted(names.values()))


def _number_classes(
    rows: pd.DataFrame, column: str, classes: Sequence[str], *, numbered: bool
) -> list[int]:
    """The classes of a column as numbers; where `numbered`, they may be given as numbers."""
    known = range(len(classes))
    numbers = dict(zip(map(str, known), known, strict=True)) if numbered else {}
    numbers |= zip(map(normal_name, classes), known, strict=True)
    found = []
    for where, text in zip(rows["where"], rows[column], strict=True):
        if normal_name(text) not in numbers:
            raise DataError(
                f"{where}, column '{column}': '{text}' is none of the classes "
                f"{', '.join(classes)}; give all of them, in the order of their numbers, as "
                "--classes"
            )
        found.append(numbers[normal_name(text)])
    return found


def _check_classes(path: Path, classes: Sequence[str], truth: pd.Series[int]) -> None:
    if len(classes) < 2:
        raise ProtocolError(f"{path}: all clips are '{classes[0]}': nothing to score")
    absent = np.setdiff1d(np.arange(len(classes)), truth)
    if len(absent):
        raise ProtocolError(
            f"{path}: no clip is '{classes[absent[0]]}': UF1 and UAR over {', '.join(classes)} are "
            "not defined. Give --classes without it"
        )
