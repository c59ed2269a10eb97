"""MMME: micro- and macro-expressions of 16 people at 150 frames a second, without their names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import mertk
from mertk import datasets
from mertk.datasets.annotations import Source
from mertk.datasets.folders import Found, Place, Tree
from mertk.datasets.media import frames
from mertk.datasets.reader import Line
from mertk.datasets.record import Record
from mertk.datasets.survey import Reading, Survey

_PUBLISHED = datasets.reader.read_published(Path(__file__).with_name("_published.toml"))["mmme"]
_FPS = 150.0
_LONGEST = 0.5  # seconds of a micro-expression
_NEAR = 50  # ms between an annotated time and the nearest frame
_GAP = 20  # ms between frames; more are lost frames, less is the jitter of the clock
_CLOCK = re.compile(r"(?:\d{4}-\d{1,2}-\d{1,2}-)?(\d{1,2})-(\d{1,2})-(\d{1,2})-(\d{1,3})(?:-.*)?")
_VIDEO = re.compile(
    r"(?:video_)?(?P<what>[a-z]+_[0-9]+(?:_[0-9]+)?)_(?P<person>[^\\/_]+?)(?P<rest>_?[0-9]{6,8})?",
    re.IGNORECASE,
)
_IN_TEXT = re.compile(r"((?:video_)?[a-z]+_[0-9]+(?:_[0-9]+)?_)([^\\/_\s,:;]+)", re.IGNORECASE)
_ASSUMED = (
    f"expressions of at most {_LONGEST} s count as micro: the file has no column for that",
    (
        "frames are found by the time in their names, in a folder that is called as the video is; "
        "no such folder was seen by mertk"
    ),
    "people are called p01, p02 … in the order of the file; the key is not stored",
)


@dataclass(kw_only=True, eq=False)
class MMME(datasets.reader.SpreadsheetReader):
    """MMME, from its coding file and folders of frames; people have pseudonyms.

    Names of people, which the files have in subjects and names of videos, are replaced when a row
    is read: they are in no record, id, cache, report or message about clips. `mertk cache --verify`
    cannot compare the files of this data set, as their names are not stored.

    Args:
        expressions: which expressions are read: `micro`, those of at most half a second; or `all`.
    """

    default_protocol = "loso"
    obtain = "github.com/Mac0504/MMME (release agreement)"

    name = "mmme"
    layout = (
        "The folder should hold coding_file.xlsx and the frames in a folder of each video, which "
        "is called as in the column Filename; pictures have the time in their names, such as "
        "2023-08-02-14-05-33-120-1-147.tif. Videos (avi) are not read."
    )
    kinds = ("raw",)
    file_pattern = r"cod(?:ing|e)"
    file_names = ("coding_file.xlsx",)
    columns = _PUBLISHED.columns
    optional = _PUBLISHED.optional

    expressions: Literal["micro", "all"] = "micro"
    tree: Literal["auto"] = field(default="auto", init=False)
    repair: Literal["recommended"] = field(default="recommended", init=False)

    def __post_init__(self) -> None:
        """Start without any names."""
        self._videos: dict[str, str] = {}  # id of an expression → folder of its video
        self._people: dict[str, str] = {}  # name → pseudonym

    def survey(self, root: Path | None, /) -> Survey:
        """As every reader's, without names of people and of files."""
        found = super().survey(root)
        clips = []
        for clip in found.clips:
            record = {**clip.record, "frames_dir": ""}
            clips.append(replace(clip, record=record, files=()))
        return replace(
            found,
            clips=tuple(clips),
            no_tree=self.conceal(found.no_tree),
            unannotated=tuple(map(self.conceal, found.unannotated)),
            strays=tuple(map(self.conceal, found.strays)),
            others=tuple(map(self.conceal, found.others)),
            notices=tuple(map(self.conceal, found.notices)),
        )

    def read(self, found: Found, tree: Tree | None) -> Reading:
        """The records of the wanted expressions; raises `DataError` where there are none."""
        table = self.read_table(found)
        lines = self.lines(table)
        self._people = name_people([line["subject"] for line in lines])
        source = self.make_source(found)
        met: Counter[str] = Counter()
        records = []
        for line in lines:
            record = self._read_row(source, line, tree, met)
            if self.expressions in ("all", record.expression_type):
                records.append(record)
        if not records:
            raise mertk.DataError(f"{table.place()}: no rows for expressions={self.expressions}")
        editions = _PUBLISHED.groups[self.expressions]
        edition = datasets.editions.recognise_edition(records, editions)
        return datasets.survey.Reading(source, records, editions, [table.file], _ASSUMED, edition)

    def _read_row(self, source: Source, line: Line, tree: Tree | None, met: Counter[str]) -> Record:
        """The record of a row. `met` counts rows of one video and onset, some of which repeat."""
        name, video, emotion = line.need("subject", "clip", "emotion")
        stem = re.sub(r"\.(avi|mp4|mkv)$", "", video, flags=re.IGNORECASE)
        parsed = _VIDEO.fullmatch(stem)
        if parsed is None:
            # the cell may hold a name, so it is not shown
            place = line.table.place(line.row, line.columns["clip"])
            raise mertk.DataError(f"{place}: no name such as emotion_trial_marker_name_date.avi")
        begin, end = _read_seconds(line, "onset_time"), _read_seconds(line, "offset_time")
        subject = self._people[_fold_name(name)]
        clip = parsed["what"].lower()
        uid = f"{self.name}/{subject}/{clip}/{line['onset_time']}"
        met[uid] += 1
        tail, quirks = ("", ()) if met[uid] == 1 else (f"/{met[uid]}", ("onset_repeated",))
        uid += tail
        self._videos[uid] = stem.lower()
        folder = tree.folders.get(stem.lower()) if tree else None
        word = datasets.record.canonical_emotion(emotion)
        whole: dict[str, Any] = {what: self._find_frame(line, what, folder) for what in _TIMES}
        return line.record(
            source,
            uid=uid,
            subject=subject,
            subject_native=subject,
            clip=clip,
            video=clip,
            fps=_FPS,
            emotion=emotion.lower(),
            label=word,
            au=line["au"].replace(" ", ""),
            quirks=quirks,
            modality="rgb",
            expression_type="micro" if end - begin <= _LONGEST + 1e-9 else "macro",
            extra={"marker": line["marker"], "onset_time": line["onset_time"]},
            **whole,
        )

    def _find_frame(self, line: Line, what: str, folder: Path | None) -> str:
        """The position of an annotated frame in its folder, as text; without one, by its second."""
        if folder is None:
            return str(round(_read_seconds(line, f"{what}_time") * _FPS))
        clock, times = read_clock(line[what]), self._list_times(folder)
        if not times or clock is None:
            return str(round(_read_seconds(line, f"{what}_time") * _FPS))
        at = min(times, key=lambda n: abs(times[n] - clock))
        return str(at) if abs(times[at] - clock) <= _NEAR else "not in the folder"

    def _list_times(self, folder: Path) -> dict[int, int]:
        """Milliseconds of a folder's pictures by their numbers; none if some have no time."""
        found = {}
        for number, path in self.sort_pictures(folder)[0].items():
            time = read_clock(path.stem)
            if time is None:
                return {}
            found[number] = time
        return found

    def sort_pictures(self, folder: Path) -> tuple[dict[int, Path], list[str]]:
        """Pictures in the order of the time in their names, counted from 0; lost ones count too."""
        timed = []
        for path in folder.iterdir():
            if path.suffix.lower() in _PICTURES:
                time = read_clock(path.stem)
                if time is None:
                    return frames.sort_pictures(folder)
                timed.append((time, path.name, path))
        found: dict[int, Path] = {}
        number, last = -1, 0
        for time, _, path in sorted(timed):
            lost = round((time - last) * _FPS / 1000) if found and time - last > _GAP else 1
            number, last = number + lost, time
            found[number] = path
        return found, []

    def conceal(self, text: str) -> str:
        """A text without the names of people in names of videos."""
        text = _IN_TEXT.sub(r"\1…", text)
        for name, pseudonym in self._people.items():
            text = re.sub(re.escape(name), pseudonym, text, flags=re.IGNORECASE)
        return text

    def key_in(self, tree: Tree | None) -> Callable[[Record], str]:  # noqa: ARG002
        """Finds the folder of an expression: that of its video, which its record does not name."""
        return lambda record: self._videos.get(record.uid, "")

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/angry_116_3_NAME_20230802` is a video."""
        if folder == root or _VIDEO.fullmatch(folder.name) is None:
            return None
        return datasets.folders.Place(root, "raw", folder.name.lower())


_TIMES = ("onset", "apex", "offset")
_PICTURES = frozenset({".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp"})


def name_people(names: list[str]) -> dict[str, str]:
    """Pseudonyms `p01`, `p02` … by name, in the order of the first row of each person."""
    found: dict[str, str] = {}
    for name in names:
        folded = _fold_name(name)
        if folded:
            found.setdefault(folded, f"p{len(found) + 1:02d}")
    return found


def _fold_name(name: str) -> str:
    """A name in lower case and without anything but letters: dates and spaces differ by row."""
    return "".join(filter(str.isalpha, name.lower())) or name.strip().lower()


def read_clock(text: str) -> int | None:
    """Milliseconds of a day, of HH-MM-SS-mmm with or without a date before; None for another."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, seconds, rest = map(int, found.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


def _read_seconds(line: Line, what: str) -> float:
    try:
        return float(line[what])
    except ValueError:
        raise line.wrong(what, "is no time in seconds such as 12.35") from None


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("mmme", MMME)
