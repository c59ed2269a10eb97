"""The record of a row of index.csv: made from its label, or read from further columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mertk import datasets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mertk.datasets.media.sources import Media
    from mertk.datasets.spreadsheets import Row, Table
    from mertk_plugins.datasets._folder_timing import Timing

REQUIRED = ("subject", "clip", "path", "label")
OPTIONAL = ("onset", "apex", "offset", "fps", "flow", "landmarks", "au", "bits", "dataset", "uid")

_NAMES = {
    "casmeii": "casme2",
    "casme2": "casme2",
    "samm": "samm",
    "smic": "smic",
    "smichs": "smic",
    "mmew": "mmew",
    "casmeiii": "casme3",
    "casme3": "casme3",
    "cas(me)^2": "casme_sq",
    "cas(me)2": "casme_sq",
    "cas(me)^3": "casme3",
    "cas(me)3": "casme3",
    "4dme": "fourdme",
    "dfme": "dfme",
}
"""How people write the databases in a column `dataset` → their names in protocols."""

_HERE = frozenset(
    {*REQUIRED, *OPTIONAL, "root_kind", "frames_dir", "n_files", *datasets.record.DERIVED}
)
"""What the reader finds out for itself, whatever a column says."""


def clip_name(row: Row) -> str:
    """The name of the clip within its subject; '' where `uid` is not `dataset/subject/name`."""
    if not row["uid"]:
        return row["clip"]
    head = f"{dataset_of(row)}/{row['subject']}/"
    return row["uid"].removeprefix(head) if row["uid"].startswith(head) else ""


def dataset_of(row: Row) -> str:
    """The data set that a row's clip is of."""
    written = row["dataset"]
    key = re.sub(r"[\s_-]", "", written.lower())
    return _NAMES.get(key, written) or "folder"


def record_of(
    table: Table, row: Row, media: Media | None, timing: Timing, fps: float, *, synthetic: bool
) -> datasets.record.Record:
    """What is known of a row's clip; raises `ValueError` for a cell that is not of its type.

    A row with a `uid` is a written record: columns named like fields of a record are these fields.
    In any other row they are further columns like all that the reader does not know.
    """
    written = bool(row["uid"])
    known = _read_written_fields(table, row) if written else _derive_fields(row, timing)
    here = {
        "uid": f"{dataset_of(row)}/{row['subject']}/{clip_name(row)}",
        "dataset": dataset_of(row),
        "subject": row["subject"],
        "clip": row["clip"],
        "label": row["label"],
        "synthetic": synthetic or known.get("synthetic", False),
        "root_kind": media.kind if media else "flow",
        "frames_dir": row["path"],
        "onset": timing[0],
        "apex": timing[1],
        "offset": timing[2],
        "fps": fps,
        "n_files": media.count if media else 0,
        "extra": _collect_extra_columns(table, row, written=written),
    }
    return datasets.record.Record(**{"subject_native": row["subject"], **known, **here})


def _derive_fields(row: Row, timing: Timing) -> dict[str, Any]:
    return {
        "onset_raw": row["onset"],
        "apex_raw": row["apex"],
        "offset_raw": row["offset"],
        "apex_status": "missing" if timing[1] is None else "given",
        "emotion_raw": row["label"],
        "emotion": datasets.record.canonical_emotion(row["label"]),
        "expression_type": "",
        **_read_aus(row["au"]),
    }


def _read_aus(text: str) -> dict[str, Any]:
    """The fields of an AU coding; a spreadsheet program may have written `=4+7` for `4+7`."""
    coding = text.removeprefix("=")
    aus = datasets.action_units.parse_aus(coding) if coding else None
    if aus is None:
        return {"au_raw": text}
    plain = datasets.action_units.plain_aus(aus)
    return {"au_raw": text, "aus": aus, "au_set": plain, "au_known": True}


def _read_written_fields(table: Table, row: Row) -> dict[str, Any]:
    cells = {written: row[column] for column, written in table.columns.items()}
    found = datasets.record.from_text({n: text for n, text in cells.items() if n not in _HERE})
    return {"expression_type": "", **found}


def _collect_extra_columns(table: Table, row: Row, *, written: bool) -> Mapping[str, str]:
    known = {*REQUIRED, *OPTIONAL} - {"au"}
    fields = {*datasets.record.FIELDS, *datasets.record.DERIVED} if written else set()
    return {
        name: row[column]
        for column, name in table.columns.items()
        if column not in known and not column.startswith("features") and name not in fields
    }
