"""Other people's predictions: the submission log of MEGC 2019, and tables of clips.

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
from mertk.datasets.spreadsheets import Cells, Table, find_columns, read_cells, read_texts, table_of

if TYPE_CHECKING:
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


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of one clip: `truth` and `predicted` index into the log's classes.

    `dataset`, `subject` and `fold` are empty where the log does not tell.
    """

    clip: str
    truth: int
    predicted: int
    dataset: str = ""
    subject: str = ""
    fold: str = ""

    @property
    def person(self) -> str:
        """`dataset/subject`: two data sets' `sub01` are two people."""
        return f"{self.dataset}/{self.subject}"


@dataclass(frozen=True, slots=True)
class Log:
    """A file of predictions, one answer a clip; its subjects and folds are all known, or none."""

    file: Path
    classes: tuple[str, ...]
    answers: tuple[Answer, ...]

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets, in the order of the log; one empty name where it does not tell."""
        return tuple(dict.fromkeys(answer.dataset for answer in self.answers))

    @property
    def truth(self) -> NDArray[np.int64]:
        """True classes `[clips]`."""
        return np.array([answer.truth for answer in self.answers], np.int64)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Predicted classes `[clips]`."""
        return np.array([answer.predicted for answer in self.answers], np.int64)

    @property
    def people(self) -> list[str] | None:
        """Who is seen in each clip, where the log tells."""
        return [a.person for a in self.answers] if self.answers[0].subject else None

    @property
    def folds(self) -> list[str] | None:
        """The fold of each clip: as the log tells, or else its person."""
        return [a.fold for a in self.answers] if self.answers[0].fold else self.people

    def clips(self) -> list[Clip]:
        """The clips, without frames, to compare with a published list (`mertk.core.clip_lists`)."""
        return [self._make_clip(answer) for answer in self.answers]

    def _make_clip(self, answer: Answer) -> Clip:
        record = Record(
            uid=f"{answer.dataset}/{answer.subject}/{answer.clip}",
            dataset=answer.dataset,
            subject=answer.subject,
            subject_native=answer.subject,
            clip=answer.clip,
            label=self.classes[answer.truth],
            onset=None,
            apex=None,
            offset=None,
            fps=1,
        )
        return make_frameless_clip(record, f"{self.file} holds predictions alone")


@dataclass(frozen=True, slots=True)
class _Said:
    """One row of a log as text, `place` says where it stands."""

    place: str
    clip: str
    truth: str
    prediction: str
    dataset: str
    subject: str
    fold: str = ""


def read_predictions(path: Path, classes: Sequence[str] = ()) -> Log:
    """Read a submission log or a table.

    `classes` is the list over which is scored, and what the numbers from 0 on stand for. Default:
    those of MEGC 2019 for a submission log, else all that are true of some clip. Raises `DataError`
    naming file, row and column of what cannot be, and `ProtocolError` where a class has no clip.
    """
    cells = read_cells(path)
    lines = [(n, " ".join(row).split()) for n, row in enumerate(cells, 1) if any(row)]
    submission = _is_subject(lines[0][1])
    rows = list(_of_submission(path, lines) if submission else _of_table(_parse_table(path, cells)))
    if not rows:
        raise DataError(f"{path}: holds no predictions")
    check_spelling("classes", classes, DataError, "--classes")
    known = tuple(classes) or (MEGC2019_CLASSES if submission else _list_classes(rows))
    if len(known) > _MOST_CLASSES:
        where = "--classes" if classes else "column 'truth'"
        raise DataError(
            f"{path}: {len(known):,} different classes in {where}, such as '{known[0]}'; at most "
            f"{_MOST_CLASSES} are scored. Is it the column of the classes?"
        )
    _check_rows(path, rows)
    log = Log(
        path,
        known,
        tuple(_parse_prediction(row, known, numbered=bool(classes) or submission) for row in rows),
    )
    _check_classes(log)
    return log


def _is_subject(words: Sequence[str]) -> bool:
    return len(words) == 2 and words[0].lower() in MEGC2019.counts


def _of_submission(path: Path, lines: Sequence[tuple[int, list[str]]]) -> Iterator[_Said]:
    dataset = subject = ""
    for number, words in lines:
        if _is_subject(words):
            dataset, subject = words[0].lower(), words[1]
        elif len(words) == 3:
            clip, truth, prediction = words
            place = f"{path}, row {number}"
            yield _Said(place, clip, truth, prediction, dataset, subject)
        else:
            raise DataError(
                f"{path}, row {number}: '{' '.join(words)}' is neither DATASET SUBJECT "
                f"({', '.join(MEGC2019.counts)}) nor CLIP TRUTH PREDICTION"
            )


def _parse_table(path: Path, cells: Cells) -> Table:
    header = next(at for at, row in enumerate(cells) if any(row))
    return table_of(path, "", cells, header)


def _of_table(table: Table) -> Iterator[_Said]:
    found = find_columns(table, _NAMES, _NEEDED)
    for row in table.rows:
        said = read_texts(table, row, found)
        dataset, _, subject = said.get("subject", "").rpartition("/")
        parts = said["clip"].split("/")
        if not subject and len(parts) > 2:  # a uid: dataset/subject/clip
            dataset, subject = parts[:2]
        yield _Said(
            table.place(row),
            said["clip"],
            said["truth"],
            said["prediction"],
            said.get("dataset", dataset),
            subject,
            said.get("fold", ""),
        )


def _check_rows(path: Path, rows: Sequence[_Said]) -> None:
    """Refuse clips that are there twice, subjects that only some rows have, and two spellings."""
    check_spelling("data sets", [row.dataset for row in rows], DataError, str(path))
    check_spelling("people", [f"{row.dataset}/{row.subject}" for row in rows], DataError, str(path))
    check_spelling("folds", [row.fold for row in rows], DataError, str(path))
    seen: dict[tuple[str, str, str], str] = {}
    for row in rows:
        key = (row.dataset, row.subject, row.clip)
        if bool(row.subject) != bool(rows[0].subject):
            raise DataError(f"{row.place}: some rows name a subject and some do not")
        if row.subject and key in seen:
            raise DataError(
                f"{row.place}, column 'clip': {'/'.join(filter(None, key))} is there twice; first "
                f"in {seen[key].removeprefix(f'{path}, ')}"
            )
        seen[key] = row.place


def _list_classes(rows: Sequence[_Said]) -> tuple[str, ...]:
    names = {normal_name(row.truth): row.truth.lower() for row in reversed(rows)}
    if all(name.isdecimal() for name in names):
        return tuple(sorted(names, key=int))
    return tuple(sorted(names.values()))


def _parse_prediction(row: _Said, classes: Sequence[str], *, numbered: bool) -> Answer:
    truth, predicted = (
        _parse_class(text, classes, f"{row.place}, column '{column}'", numbered=numbered)
        for column, text in (("truth", row.truth), ("prediction", row.prediction))
    )
    return Answer(row.clip, truth, predicted, row.dataset, row.subject, row.fold)


def _parse_class(text: str, classes: Sequence[str], place: str, *, numbered: bool) -> int:
    key = normal_name(text)
    keys = [normal_name(name) for name in classes]
    if key in keys:
        return keys.index(key)
    if numbered and key.isdecimal() and int(key) < len(classes):
        return int(key)
    raise DataError(
        f"{place}: '{text}' is none of the classes {', '.join(classes)}; give all of them, in the "
        "order of their numbers, as --classes"
    )


def _check_classes(log: Log) -> None:
    if len(log.classes) < 2:
        raise ProtocolError(f"{log.file}: all clips are '{log.classes[0]}': nothing to score")
    absent = sorted(set(range(len(log.classes))) - set(log.truth.tolist()))
    if absent:
        raise ProtocolError(
            f"{log.file}: no clip is '{log.classes[absent[0]]}': UF1 and UAR over "
            f"{', '.join(log.classes)} are not defined. Give --classes without it"
        )
