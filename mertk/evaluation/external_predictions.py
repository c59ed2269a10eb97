"""External predictions: submission logs of MEGC 2019, tables of clips and confusion matrices.

A submission log has a line `casme2 sub01` for each subject and below it `CLIP TRUTH PREDICTION` for
each clip. A table (comma, semicolon or tab) has columns of the truth (`truth`, `label`, `y_true` …)
and the prediction (`prediction`, `y_pred` …), and perhaps `clip` (or `uid`), `subject`, `dataset`
and `fold`. Classes are names or numbers; `AU1+AU2` are several labels of one clip. A confusion
matrix has a row for each true and a column for each predicted class.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mertk.core.errors import DataError, ProtocolError
from mertk.core.spelling import check_spelling, normal_name
from mertk.datasets.binding import make_listed_clip
from mertk.datasets.spreadsheets import read_cells
from mertk.evaluation import prediction_files
from mertk.evaluation.prediction_files import MEGC2019, split_labels

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from mertk.core.clips import Clip

__all__ = ["MEGC2019", "MEGC2019_CLASSES", "Log", "read_predictions"]

MEGC2019_CLASSES = ("negative", "positive", "surprise")
"""What 0, 1 and 2 stand for in a submission log."""

_COLUMNS = ("where", "clip", "truth", "prediction", "subject", "dataset", "fold")
_MOST_CLASSES = 100


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """A file of predictions.

    `table` has one row a clip: `dataset`, `subject`, `clip` and `fold` as text, empty where the
    file does not name them, and `truth` and `predicted`. These index into `classes`, followed by
    `others`: what is predicted and true of no clip. With several labels a clip (`multilabel`) they
    are texts. Subjects and folds are all known, or none. `matrix`: it was a confusion matrix.
    """

    file: Path
    classes: tuple[str, ...]
    table: pd.DataFrame
    others: tuple[str, ...] = ()
    multilabel: bool = False
    matrix: bool = False

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets, in the order of the log; one empty name where it names none."""
        return tuple(self.table["dataset"].unique())

    @property
    def truth(self) -> NDArray[np.int64]:
        """True classes `[clips]`, or 0/1 `[clips, classes]`."""
        return self._to_array("truth")

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Predicted classes `[clips]`, or 0/1 `[clips, classes]`."""
        return self._to_array("predicted")

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
            person = f"{row['dataset']}/{row['subject']}"
            uid, label = f"{person}/{row['clip']}", self.classes[row["truth"]]
            why = f"{self.file} holds predictions alone"
            clips.append(make_listed_clip(uid, person, label, why))
        return clips

    def _to_array(self, column: str) -> NDArray[np.int64]:
        if not self.multilabel:
            return self.table[column].to_numpy(np.int64)
        found = np.zeros((len(self.table), len(self.classes)), np.int64)
        names = {normal_name(name): at for at, name in enumerate(self.classes)}
        for row, text in enumerate(self.table[column]):
            known = [names.get(normal_name(one)) for one in split_labels(text)]
            found[row, [at for at in known if at is not None]] = 1
        return found


def read_predictions(path: Path, classes: Sequence[str] = ()) -> Log:
    """Read a submission log, a table or a confusion matrix.

    `classes` is the list over which is scored, and what the numbers from 0 on stand for. Default:
    those of MEGC 2019 for a submission log, else all that are true of some clip. Raises `DataError`
    naming file, row and column of what cannot be, and `ProtocolError` where a class has no clip and
    is not predicted.
    """
    import pandas as pd

    cells = read_cells(path)
    check_spelling("classes", classes, DataError, "--classes")
    header = next(at for at, row in enumerate(cells) if any(row))
    submission = prediction_files.is_subject(" ".join(cells[header]).split())
    matrix, multilabel = prediction_files.find_matrix(cells), False
    if submission:
        read = list(prediction_files.read_submission(path, cells))
    elif matrix:
        names, counts = matrix
        names = names or list(classes) or [str(at) for at in range(len(counts))]
        if len(names) != len(counts):
            raise DataError(f"{path}: {len(counts)} rows of counts for {len(names)} --classes")
        read = prediction_files.read_matrix(path, names, counts)
    else:
        read, multilabel = prediction_files.read_table(path, cells, header)
    rows = pd.DataFrame([dict.fromkeys(_COLUMNS, "") | row for row in read])
    if rows.empty:
        raise DataError(f"{path}: holds no predictions")
    if multilabel:
        return _make_multilabel_log(path, rows, classes)
    found = _make_log(path, rows, classes, submission=submission)
    return replace(found, matrix=True) if matrix else found


def _make_log(path: Path, rows: pd.DataFrame, classes: Sequence[str], *, submission: bool) -> Log:
    known = tuple(classes) or (MEGC2019_CLASSES if submission else _list_classes(rows["truth"]))
    if len(known) > _MOST_CLASSES:
        where = "--classes" if classes else "column 'truth'"
        raise DataError(
            f"{path}: {len(known):,} different classes in {where}, such as '{known[0]}'; at most "
            f"{_MOST_CLASSES} are scored. Is it the column of the classes?"
        )
    _check_rows(path, rows)
    numbers = _number_names(known, numbered=bool(classes) or submission)
    truth = _number_truth(rows, known, numbers)
    forms = rows["prediction"].map(normal_name)
    pairs = zip(forms, rows["prediction"], strict=True)
    strange = {form: text.lower() for form, text in pairs if form not in numbers}
    if forms.isin(list(strange)).all():
        raise DataError(
            f"{path}: no prediction is one of the classes {', '.join(known)}, but "
            f"'{rows['prediction'][0]}': are truth and prediction written in the same way?"
        )
    if len(known) + len(strange) > _MOST_CLASSES:
        raise DataError(f"{path}: {len(strange):,} predictions are true of no clip; is it a class?")
    for form in sorted(strange):
        numbers[form] = len(known) + len(numbers.keys() & strange.keys())
    names = [*known, *(strange[form] for form in sorted(strange))]
    predicted = forms.map(numbers).tolist()
    order = _order_classes(path, names, len(known), truth, predicted)
    places = {at: place for place, at in enumerate(order)}
    rows["truth"], rows["predicted"] = (
        [places[at] for at in truth],
        [places[at] for at in predicted],
    )
    split = len(set(truth))
    arranged = tuple(names[at] for at in order)
    table = rows.drop(columns=["where", "prediction"])
    return Log(path, arranged[:split], table, arranged[split:])


def _make_multilabel_log(path: Path, rows: pd.DataFrame, classes: Sequence[str]) -> Log:
    _check_rows(path, rows)
    seen: dict[str, dict[str, str]] = {}
    for column in ("truth", "prediction"):
        labels = [one for text in rows[column] for one in split_labels(text)]
        check_spelling("labels", sorted(set(labels)), DataError, str(path))
        seen[column] = {normal_name(one): one for one in labels}
    known = tuple(classes) or tuple(sorted(seen["truth"].values(), key=_natural_order))
    if len(known) > _MOST_CLASSES:
        raise DataError(f"{path}: {len(known):,} different labels; at most {_MOST_CLASSES}")
    lost = [one for one in known if normal_name(one) not in seen["truth"]]
    if lost:
        raise ProtocolError(
            f"{path}: no clip has the label '{lost[0]}': its F1 is not defined. Give --classes "
            "without it"
        )
    forms = set(map(normal_name, known))
    others = [one for form, one in seen["prediction"].items() if form not in forms]
    table = rows.assign(predicted=rows["prediction"]).drop(columns=["where", "prediction"])
    return Log(path, known, table, tuple(sorted(others, key=_natural_order)), multilabel=True)


def _natural_order(name: str) -> list[tuple[int, str]]:
    """Sorts AU2 before AU12."""
    return [(int(one), "") if one.isdecimal() else (-1, one) for one in re.split(r"(\d+)", name)]


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


def _number_names(classes: Sequence[str], *, numbered: bool) -> dict[str, int]:
    """The number of each class by its name; where `numbered`, by its number as text, too."""
    known = range(len(classes))
    numbers = dict(zip(map(str, known), known, strict=True)) if numbered else {}
    return numbers | dict(zip(map(normal_name, classes), known, strict=True))


def _number_truth(
    rows: pd.DataFrame, classes: Sequence[str], numbers: Mapping[str, int]
) -> list[int]:
    found = []
    for where, text in zip(rows["where"], rows["truth"], strict=True):
        if normal_name(text) not in numbers:
            raise DataError(
                f"{where}, column 'truth': '{text}' is none of the classes {', '.join(classes)}; "
                "give all of them, in the order of their numbers, as --classes"
            )
        found.append(numbers[normal_name(text)])
    return found


def _order_classes(
    path: Path, names: Sequence[str], known: int, truth: Sequence[int], predicted: Sequence[int]
) -> list[int]:
    """The numbers of the classes that clips truly have, then those that are predicted alone."""
    true = sorted(set(truth))
    lost = [at for at in range(len(names)) if at not in true]
    never = [names[at] for at in lost if at not in set(predicted)]
    if never:
        raise ProtocolError(
            f"{path}: no clip is '{never[0]}': UF1 and UAR over {', '.join(names[:known])} are not "
            "defined. Give --classes without it"
        )
    if len(true) < 2:
        raise ProtocolError(f"{path}: all clips are '{names[true[0]]}': nothing to score")
    return [*true, *lost]
