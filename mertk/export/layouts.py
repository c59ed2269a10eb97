"""Write clips to disk in the layout of a data set, which a reader can read back.

`casme2` and `samm` are the tree and spreadsheet of CASME II and SAMM, `smic` is the tree of SMIC;
`folder` is a table index.csv with one folder of frames a clip. Pictures are JPEG but for `smic`, so
pixels come back nearly, not exactly, as they were.
"""

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mertk.core.clips import Clip
from mertk.core.errors import DataError, UnknownNameError
from mertk.core.escaping import csv_text
from mertk.datasets import action_units
from mertk.datasets.record import SYNTHETIC_MARK
from mertk.storage.atomic_files import check_folder, write_file, write_folder

_KIND = "data set in the layout {}"
_LONGEST = 60  # of a name in a path: file systems take 255 bytes, up to 4 a letter
_QUALITY = 97  # of the JPEG files
_LATEST_START = 300  # of the first file number in the CASME II layout
_HEADER = (
    "Subject",
    "Filename",
    None,
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    None,
    "Action Units",
    "Estimated Emotion",
    "Objective Classes",
)
_SAMM_HEADER = (
    "Subject",
    "Filename",
    "Inducement Code",
    "Onset Frame",
    "Apex Frame",
    "Offset Frame",
    "Duration",
    "Micro",
    "Action Units",
    "Estimated Emotion",
    "Objective Classes",
    "Notes",
)
_SAMM_PREAMBLE = 13  # rows above the header
_SMIC_CODES = {"negative": "ne", "positive": "po", "surprise": "sur"}
_COLUMNS = ("subject", "clip", "path", "label", "onset", "apex", "offset", "fps", "emotion", "aus")
_WORDS = ("disgust", "fear", "happiness", "others", "repression", "sadness", "surprise")
_WORD_OF = {"positive": "happiness", "negative": "disgust"}
_MARK = "The clips in this folder are synthetic: made by a program, not filmed.\n"

Advance = Callable[[], object]


def write_layout(
    clips: Sequence[Clip], out: Path | str, layout: str, advance: Advance | None = None
) -> None:
    """Write `clips` to the folder `out`; `advance` is called after each one.

    The folder appears when everything is written, or not at all. Where clips are synthetic, a
    file SYNTHETIC.txt says so. Raises `UnknownNameError` for a layout that is not in `LAYOUTS`,
    `DataError` where clips cannot be written in this layout, and `StorageError` where the folder
    holds anything but an earlier set that was written like this, or the disk refuses.
    """
    out = Path(out)
    check_place(out, layout)
    if not clips:
        raise DataError(f"there are no clips to write to {out}")
    for clip in clips:
        if not len(clip.footage.frames):
            raise DataError(f"{clip.uid} has no frames, only a flow map: it cannot be written")

    def fill(folder: Path) -> None:
        LAYOUTS[layout](clips, folder, advance or (lambda: None))
        mark_synthetic(clips, folder)

    write_folder(out, fill, _KIND.format(layout))


def check_place(out: Path, layout: str) -> None:
    """Raise where `write_layout` would, before there are clips."""
    if layout not in LAYOUTS:
        raise UnknownNameError("layout", layout, LAYOUTS)
    check_folder(out, _KIND.format(layout))


def mark_synthetic(clips: Sequence[Clip], folder: Path) -> None:
    """Say in a file of the folder that its clips are synthetic, if any is."""
    if any(clip.record.get("synthetic") for clip in clips):
        write_file(folder / SYNTHETIC_MARK, _MARK)


def _write_casme2(clips: Sequence[Clip], out: Path, advance: Advance) -> None:
    """CASME II: frames onset … offset, numbered as in the spreadsheet, and that spreadsheet."""
    rows: list[Sequence[Any]] = [_HEADER]
    counts: dict[str, int] = {}
    for clip in clips:
        counts[clip.person] = counts.get(clip.person, 0) + 1
        subject = f"{list(counts).index(clip.person) + 1:02d}"
        name = f"EP01_{counts[clip.person]:02d}"
        first = 1 + zlib.crc32(clip.uid.encode()) % _LATEST_START
        folder = out / "CASME2_RAW_selected" / f"sub{subject}" / name
        at, apex = clip.footage.onset, clip.footage.apex
        shift = first - at
        files = {f"img{n + shift}.jpg": n for n in range(at, clip.footage.offset + 1)}
        _write_frames(clip, folder, files)
        numbers = (first, "/" if apex is None else apex + shift, clip.footage.offset + shift)
        rows.append((subject, name, None, *numbers, None, *_format_coding(clip)))
        advance()
    _write_workbook(out / "CASME2-coding-20190701.xlsx", rows)


def _format_coding(clip: Clip) -> tuple[int | str, str, int]:
    """Action units, emotion and objective class as the spreadsheet has them."""
    coding = _format_units(clip.record)
    emotion = str(clip.record.get("emotion") or clip.record.get("label") or "")
    if not emotion:
        raise DataError(f"{clip.uid} has no emotion in its record: CASME II needs one")
    word = _WORD_OF.get(emotion, emotion)
    if word not in _WORDS:
        word = "others"
    objective = action_units.objective_class(action_units.parse_aus(coding) or ())
    return int(coding) if coding.isdecimal() else coding, word, objective


def _format_units(record: Mapping[str, Any]) -> str:
    """The coded action units, such as `4+L10`, or '?' without a coding."""
    found = record.get("au_raw") or "+".join(map(str, record.get("au_set", ())))
    return str(found or "?")


def _write_samm(clips: Sequence[Clip], out: Path, advance: Advance) -> None:
    """SAMM: `006/006_1_2/006_05562.jpg`, numbered as in the spreadsheet."""
    rows: list[Sequence[Any]] = [["synthetic"]] * _SAMM_PREAMBLE
    rows.append(_SAMM_HEADER)
    counts: dict[str, int] = {}
    for clip in clips:
        counts[clip.person] = counts.get(clip.person, 0) + 1
        subject = f"{list(counts).index(clip.person) + 1:03d}"
        name = f"{subject}_1_{counts[clip.person]}"
        first = 1 + zlib.crc32(clip.uid.encode()) % _LATEST_START
        at, apex, end = clip.footage.onset, clip.footage.apex, clip.footage.offset
        shift = first - at
        files = {f"{subject}_{n + shift:05d}.jpg": n for n in range(at, end + 1)}
        _write_frames(clip, out / subject / name, files)
        coding, word, objective = _format_coding(clip)
        emotion = {"disgust": "Disgust", "others": "Other", "repression": "Anger"}.get(word)
        timing = (first, apex if apex is None else apex + shift, end + shift, end - at + 1)
        said = (str(coding), emotion or word.capitalize(), objective, None)
        rows.append((subject, name, 1, *timing, "Micro - 1/2", *said))
        advance()
    _write_workbook(out / "SAMM_Micro_FACS_Codes_v2.xlsx", rows, "MICRO_ONLY")


def _write_smic(clips: Sequence[Clip], out: Path, advance: Advance) -> None:
    """SMIC, the cropped tree of the high-speed camera, whose folders are the annotation."""
    counts: dict[tuple[str, str], int] = {}
    people: dict[str, int] = {}
    for clip in clips:
        label = str(clip.record.get("label"))
        if label not in _SMIC_CODES:
            raise DataError(f"{clip.uid} is '{label}': SMIC has {', '.join(_SMIC_CODES)}")
        subject = f"s{people.setdefault(clip.person, len(people) + 1):02d}"
        counts[subject, label] = counts.get((subject, label), 0) + 1
        name = f"{subject}_{_SMIC_CODES[label]}_{counts[subject, label]:02d}"
        first = 1 + zlib.crc32(clip.uid.encode()) % _LATEST_START
        folder = out / "SMIC_all_cropped" / "HS" / subject / "micro" / label / name
        files = {}
        for n in range(clip.footage.onset, clip.footage.offset + 1):
            files[f"reg_image{n + first:06d}.bmp"] = n
        _write_frames(clip, folder, files)
        advance()


def _write_workbook(file: Path, rows: Sequence[Sequence[Any]], title: str = "Sheet1") -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for empty in ("Sheet2", "Sheet3"):  # as in the published file
        book.create_sheet(empty)
    book.save(file)


def _write_folder(clips: Sequence[Clip], out: Path, advance: Advance) -> None:
    """A table index.csv and one folder of frames a clip; timing as positions from 0."""
    several = len({clip.dataset for clip in clips}) > 1
    columns = (*_COLUMNS, "dataset") if several else _COLUMNS
    taken: set[str] = set()
    rows = []
    for clip in clips:
        names = (clip.dataset, clip.subject, clip.name)
        path = free_path(names if several else names[1:], taken)
        files = {f"{n + 1:05d}.jpg": n for n in range(len(clip.footage.frames))}
        _write_frames(clip, out / path, files)
        rows.append(_make_row(clip, path))
        advance()
    write_file(out / "index.csv", csv_text(columns, rows))


def _make_row(clip: Clip, path: str) -> dict[str, Any]:
    record, footage = clip.record, clip.footage
    label = record.get("label") or record.get("emotion")
    if not label:
        raise DataError(f"{clip.uid} has neither a label nor an emotion in its record")
    return {
        "subject": clip.subject,
        "clip": clip.name,
        "path": path,
        "label": label,
        "onset": footage.onset,
        "apex": "" if footage.apex is None else footage.apex,
        "offset": footage.offset,
        "fps": footage.fps,
        "emotion": record.get("emotion", ""),
        "aus": _format_units(record),
        "dataset": clip.dataset,
    }


def free_path(names: Sequence[str], taken: set[str]) -> str:
    """A unique relative path that is valid for any names; it is added to `taken`."""
    parts = [re.sub(r"[^\w.-]", "_", name).lstrip(".")[:_LONGEST] or "_" for name in names]
    plain = "/".join(parts)
    path, count = plain, 1
    while path.lower() in taken:
        count += 1
        path = f"{plain}-{count}"
    taken.add(path.lower())
    return path


def _write_frames(clip: Clip, folder: Path, files: Mapping[str, int]) -> None:
    import cv2

    folder.mkdir(parents=True)
    for name, at in files.items():
        picture = cv2.cvtColor(clip.footage.frames[at], cv2.COLOR_RGB2BGR)
        quality = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY] if name.endswith(".jpg") else []
        _, coded = cv2.imencode(Path(name).suffix, picture, quality)
        (folder / name).write_bytes(coded.tobytes())


LAYOUTS: Mapping[str, Callable[[Sequence[Clip], Path, Advance], None]] = {
    "casme2": _write_casme2,
    "samm": _write_samm,
    "smic": _write_smic,
    "folder": _write_folder,
}
"""The layouts that can be written, by name."""

SEEDS = {"samm": 2, "smic": 3}
"""The seed of a layout where none is given: no two data sets hold the same people.

Seed 1 draws two people who look so alike that the audit takes them for one."""
