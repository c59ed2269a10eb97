"""The rows of files of predictions: submission logs, tables and confusion matrices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mertk.core.clip_lists import Manifest
from mertk.core.errors import DataError
from mertk.core.spelling import normal_name
from mertk.datasets.spreadsheets import Cells, Row, Table, find_columns, parse_integer, table_of

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

_NAMES = {
    "clip": ("clip", "uid", "filename", "video", "videoid", "sample", "name", "id", "path"),
    "truth": (
        "truth",
        "label",
        "ytrue",
        "true",
        "truelabel",
        "groundtruth",
        "gt",
        "target",
        "actual",
    ),
    "prediction": (
        "prediction",
        "predicted",
        "ypred",
        "pred",
        "predlabel",
        "predictedlabel",
        "output",
    ),
    "subject": ("subject", "person", "sub", "subjectid", "participant", "group"),
    "dataset": ("dataset", "database", "db"),
    "fold": ("fold",),
}
_NEEDED = ("truth", "prediction")
_NOTHING = frozenset({"", "-", "/", "none", "0", "nan"})
_MOST_CLIPS = 1_000_000


def is_subject(words: Sequence[str]) -> bool:
    """Whether these are the words of a line `casme2 sub01` of a submission log."""
    return len(words) == 2 and words[0].lower() in MEGC2019.counts


def read_submission(path: Path, cells: Cells) -> Iterator[dict[str, str]]:
    """The clips of a submission log of MEGC 2019; raises `DataError` naming the row."""
    person: dict[str, str] = {}
    for number, row in enumerate(cells, 1):
        words = " ".join(row).split()
        if is_subject(words):
            person = {"dataset": words[0].lower(), "subject": words[1]}
        elif len(words) == 3:
            clip = dict(zip(("clip", "truth", "prediction"), words, strict=True))
            yield {"where": f"{path}, row {number}", **clip, **person}
        elif words:
            raise DataError(
                f"{path}, row {number}: '{' '.join(words)}' is neither DATASET SUBJECT "
                f"({', '.join(MEGC2019.counts)}) nor CLIP TRUTH PREDICTION"
            )


def read_table(path: Path, cells: Cells, header: int) -> tuple[list[dict[str, str]], bool]:
    """The clips of a table, and whether clips have several labels (`AU1+AU2`).

    A table without a column of clips is one of rows. Raises `DataError` naming row and column.
    """
    table = table_of(path, "", cells, header)
    columns = find_columns(table, _NAMES, _NEEDED)
    multilabel = any("+" in row[columns[name]] for row in table.rows for name in _NEEDED)
    return [_read_row(table, row, columns, multilabel=multilabel) for row in table.rows], multilabel


def split_labels(text: str) -> list[str]:
    """The labels of a cell such as `AU1+AU2`; of an empty one, none."""
    return [] if text.lower() in _NOTHING else [one.strip() for one in text.split("+")]


def _read_row(
    table: Table, row: Row, columns: dict[str, str], *, multilabel: bool
) -> dict[str, str]:
    texts = {}
    for what, column in columns.items():
        bare = multilabel and what in _NEEDED
        texts[what] = row[column] if bare else table.filled(row, column)
    texts.setdefault("clip", f"row {row.number}")
    dataset, _, subject = texts.get("subject", "").rpartition("/")
    parts = texts["clip"].split("/")
    if not subject and len(parts) > 2:  # a uid: dataset/subject/clip
        dataset, subject = parts[:2]
    return {"where": table.place(row), "dataset": dataset, **texts, "subject": subject}


def find_matrix(cells: Cells) -> tuple[list[str], list[list[str]]] | None:
    """The names (or none) and the counts of a confusion matrix; None where it is none.

    It has as many rows as columns: counts alone, or with the same names above and before them.
    """
    rows = [row if len(row) > 1 else " ".join(row).split() for row in cells if any(row)]
    if len(rows) < 2:
        return None
    head, *body = rows
    if all(len(row) == len(rows) for row in rows) and all(map(_is_number, rows[0])):
        return [], rows
    named = [normal_name(row[0]) for row in body if row]
    names = head[1:] if len(head) == len(body) + 1 else head
    if len(names) > 1 and list(map(normal_name, names)) == named:
        return names, [row[1:] for row in body]
    return None


def read_matrix(
    path: Path, names: Sequence[str], counts: Sequence[Sequence[str]]
) -> list[dict[str, str]]:
    """A clip for each count of a confusion matrix, whose rows are true; raises `DataError`."""
    found: list[dict[str, str]] = []
    for true, row in zip(names, counts, strict=True):
        if len(row) != len(names):
            raise DataError(f"{path}, row '{true}': {len(row)} counts for {len(names)} classes")
        for predicted, text in zip(names, row, strict=True):
            many = _parse_count(path, true, text)
            if len(found) + many > _MOST_CLIPS:
                raise DataError(
                    f"{path}: more than {_MOST_CLIPS:,} clips: is it a matrix of counts?"
                )
            pair = {"where": f"{path}, row '{true}'", "truth": true, "prediction": predicted}
            start = len(found)
            found += [{**pair, "clip": f"clip {start + at}"} for at in range(many)]
    return found


def _parse_count(path: Path, row: str, text: str) -> int:
    try:
        count = parse_integer(text)
    except ValueError:
        count = -1
    if count < 0:
        raise DataError(
            f"{path}, row '{row}': '{text}' is no count of clips. Of a matrix of shares no score "
            "can be computed: give the numbers of clips"
        )
    return count


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
