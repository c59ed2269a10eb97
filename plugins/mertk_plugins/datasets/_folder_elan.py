"""Annotations that a person corrected: ELAN files as rows of a table, and who changed what."""

from __future__ import annotations

from pathlib import Path

import mertk
from mertk import datasets
from mertk.datasets.spreadsheets import Row, Table
from mertk_plugins.datasets._folder_columns import Index


def read_elan_folder(folder: Path, fps: float) -> Index:
    """One row an interval of all ELAN files of a folder; `fps` is for files that do not say it."""
    columns = datasets.interval_annotations.COLUMNS
    rows = []
    for number, one in enumerate(datasets.interval_annotations.read_annotations(folder, fps), 1):
        cells = datasets.interval_annotations.list_columns(one)
        rows.append(Row(number, {name: str(cells[name]) for name in columns}))
    table = Table(folder / "*.eaf", "", {name: name for name in columns}, tuple(rows))
    used = {name: name for name in columns}
    return Index(table, used, tuple(describe_corrections(folder)))


def describe_corrections(corrected: Path) -> list[str]:
    """A sentence on who changed what, where the annotations before the correction lie beside."""
    folder = corrected if corrected.is_dir() else corrected.parent
    before = folder / datasets.interval_annotations.BEFORE
    if not before.is_file():
        return []
    try:
        sides = map(datasets.interval_annotations.read_annotations, (before, corrected))
        changed = datasets.interval_annotations.list_changes(*sides)
    except mertk.DataError as error:  # the clips can be read all the same
        return [f"What was corrected cannot be listed: {error}"]
    told = datasets.interval_annotations.summarise_changes(changed) or "nothing was changed"
    return [f"Corrected annotations: {told}. List: mertk data changes {before} {corrected}"]
