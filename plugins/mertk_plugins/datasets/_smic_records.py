"""Expressions of SMIC as records: from a folder of a cut tree, or from a row of SMIC-E."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mertk
from mertk import datasets
from mertk_plugins.datasets import _smic_names as names

if TYPE_CHECKING:
    from mertk.datasets.annotations import Source
    from mertk.datasets.record import Record
    from mertk.datasets.survey import Edition
    from mertk_plugins.datasets._smic_names import Camera, Name
    from mertk_plugins.datasets._smic_sheet import Expression

_NO_NUMBER = "?"  # stands in the id of a clip whose folder gives no frame numbers
_EMPTY = (
    "OnsetF or OffsetF is empty; a formula has no value until a spreadsheet program has saved "
    "the file: open it in one and save it"
)


def of_folder(source: Source, name: Name, folder: Path, camera: Camera) -> Record:
    """The expression that a folder is, from its first to its last file."""
    files, why = _list_numbers(folder)
    emotion = names.emotion_folder(source.root, folder)
    differs = emotion.lower() not in {"", name.label}
    record = datasets.annotations.make_record(
        source,
        place=folder.relative_to(source.root).as_posix(),
        subject_native=folder.name.partition("_")[0],
        onset=str(files[0]) if files else _NO_NUMBER,
        offset=str(files[-1]) if files else _NO_NUMBER,
        emotion=emotion or name.label,
        quirks=("folder_differs_from_name",) if differs else (),
        **_collect_common_fields(name, camera),
    )
    return replace(record, emotion=name.label, notes=(why,) if why else ())


def _list_numbers(folder: Path) -> tuple[list[int], str]:
    """The file numbers of a folder, or why there are none."""
    try:
        files = list(datasets.media.frames.number_pictures(folder))
    except mertk.DataError as error:
        return [], str(error)
    return files, "" if files else "the folder holds no frames"


def of_row(source: Source, row: Expression, camera: Camera) -> Record:
    """The expression of a row of SMIC-E."""
    about = {"expression": str(row.number), "first_frame": row.first, "last_frame": row.last}
    common = _collect_common_fields(row.name, camera)
    emotion = row.emotion or row.name.label
    differs = datasets.record.canonical_emotion(emotion) != row.name.label
    record = datasets.annotations.make_record(
        source,
        place=f"row {row.row}",
        subject_native=row.native,
        onset=row.onset,
        offset=row.offset,
        emotion=emotion,
        video=row.video.clip,
        quirks=(*row.quirks, *(("emotion_differs_from_name",) if differs else ())),
        **{**common, "extra": {**common["extra"], **about}},
    )
    return record if row.onset and row.offset else replace(record, notes=(_EMPTY,))


def _collect_common_fields(name: Name, camera: Camera) -> dict[str, Any]:
    return {
        "subject": name.subject,
        "clip": name.clip,
        "apex": "",
        "label": name.label,
        "fps": names.FPS[camera],
        "modality": "nir" if camera == "nir" else "rgb",
        "uid_tail": "" if camera == "hs" else camera,
        "extra": {"camera": camera},
    }


def long_edition(records: Sequence[Record], camera: Camera) -> tuple[str, Sequence[Edition]]:
    """Which annotation of SMIC-E this is, and those that are known.

    Publications count rows, that is first expressions; the further ones of this file are added to
    what is expected of it.
    """
    first = [record for record in records if record.extra["expression"] == "1"]
    more = Counter(record.label for record in records if record.extra["expression"] != "1")
    known = [
        replace(
            edition,
            rows=edition.rows + more.total(),
            labels=Counter(edition.labels) + more if edition.labels else {},
        )
        for edition in names.LONG[camera]
    ]
    return datasets.survey.recognise_edition(first, names.LONG[camera]), known


def assumed_of(records: Sequence[Record], remarks: Sequence[int]) -> list[str]:
    """What is taken for granted of the rows below the clips and of the further expressions."""
    further = [record for record in records if record.extra["expression"] != "1"]
    merged = [
        f"{r.video} no. {r.extra['expression']} is {r.clip}" for r in further if r.clip != r.video
    ]
    other = [f"{r.video} no. {r.extra['expression']}" for r in further if r.clip == r.video]
    sentences = []
    if remarks:
        sentences.append(f"{len(remarks)} rows from row {remarks[0]} on are remarks, not clips")
    if merged:
        sentences.append(
            f"further expressions of a long clip are clips of SMIC: {', '.join(merged)}"
        )
    if other:
        sentences.append(
            f"further expressions that are no clip of SMIC bear the long clip's name: "
            f"{', '.join(other)}"
        )
    return sentences
