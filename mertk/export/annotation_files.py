"""Intervals as files that a person corrects: ELAN, or a table."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from mertk.core.errors import DataError
from mertk.core.escaping import csv_text
from mertk.datasets import interval_annotations
from mertk.datasets.elan import Annotation, write_elan

Form = Literal["elan", "csv"]


def make_annotation_files(
    found: Sequence[Annotation], form: Form, first: Callable[[Annotation], int]
) -> dict[str, str]:
    """File name → text: one ELAN file per video or one table, and the intervals as they are now.

    `first` gives the number of the first frame of an interval's video. Raises `DataError` where
    there is no interval, and for what an ELAN file cannot hold.
    """
    if not found:
        raise DataError("there is no interval to correct")
    columns = interval_annotations.COLUMNS
    table = csv_text(columns, map(interval_annotations.list_columns, found))
    texts = {interval_annotations.BEFORE: table}
    if form == "csv":
        return texts | {"index.csv": table}
    for name, own in _group_videos(found).items():
        texts[name] = write_elan(own, first(own[0]))
    return texts


def _group_videos(found: Sequence[Annotation]) -> dict[str, list[Annotation]]:
    """The intervals of each video, by the name of its ELAN file."""
    groups: dict[str, list[Annotation]] = {}
    for one in found:
        parts = [part for part in (one.subject, Path(one.video).name) if part]
        name = "".join(c if c.isalnum() or c in "-_." else "-" for c in "_".join(parts))
        groups.setdefault(f"{name}.eaf", []).append(one)
    for name, own in groups.items():
        if len({(one.subject, one.video) for one in own}) > 1:
            raise DataError(f"two videos would have the file name {name}; rename one of them")
    return groups
