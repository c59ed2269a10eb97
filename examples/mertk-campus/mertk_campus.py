"""A data set of one laboratory, made up, whose reader is there to be copied.

    annotations.csv              participant,clip,emotion,onset,apex,offset
    P01/interview_1.avi          a video,
    P01/interview_2/0001.png …   or a folder of frames with their numbers

People count frames from 1, and the table has their numbers; mertk's positions begin at 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import mertk
from mertk import datasets

if TYPE_CHECKING:
    from mertk.datasets.spreadsheets import Row, Table

COLUMNS = ("participant", "clip", "emotion", "onset", "apex", "offset")
LAYOUT = (
    f"The folder should hold annotations.csv ({', '.join(COLUMNS)}; the first frame is 1, apex may "
    "be empty) and a video or a folder of frames for each clip, such as P01/interview_1.avi or "
    "P01/interview_1/0001.png."
)


class Campus:
    """Clips of one laboratory: a table, a folder a participant, a video or frame folder a clip.

    Args:
        fps: frame rate of clips that are folders of frames, in Hz, above 0; videos say theirs.
    """

    default_protocol = "loso"
    obtain = "made up: examples/mertk-campus/tests/tiny.py in mertk's repository writes a small one"

    def __init__(self, *, fps: float = 100.0) -> None:
        self.fps = fps

    def index(self, root: Path | None, /) -> Sequence[mertk.Clip]:
        """One clip per row of the table; raises `DataError` where the folder is not right."""
        if root is None:
            raise mertk.DataError(f"campus: say where it lies, with --data FOLDER. {LAYOUT}")
        file = root / "annotations.csv"
        if not file.is_file():
            raise mertk.DataError(f"campus: there is no {file}. {LAYOUT}")
        table = datasets.spreadsheets.table_of(file, "", datasets.spreadsheets.read_cells(file), 0)
        for column in COLUMNS:
            table.column(column)  # raises where there is none
        return [self._clip(root, table, row) for row in table.rows]

    def _clip(self, root: Path, table: Table, row: Row) -> mertk.Clip:
        """The clip of a row. No picture is read: frames are, when a method asks for them."""
        person, name, emotion = (table.filled(row, column) for column in COLUMNS[:3])
        onset, offset = (_frame(table, row, column) for column in ("onset", "offset"))
        apex = _frame(table, row, "apex") if row["apex"] else None
        try:
            files, frames, fps = _media(root / person / name, onset, offset)
            footage = mertk.Footage(  # cut to the expression: onset is its first frame
                frames=frames,
                onset=0,
                apex=None if apex is None else apex - onset,
                offset=offset - onset,
                fps=fps or self.fps,
            )
        except mertk.DataError as error:
            raise mertk.DataError(f"{table.place(row)}: {error}") from error
        known = datasets.record.Record(
            uid=f"campus/{person}/{name}",
            dataset="campus",
            subject=person,
            subject_native=person,
            clip=name,
            label=datasets.record.canonical_emotion(emotion),
            emotion=datasets.record.canonical_emotion(emotion),
            emotion_raw=emotion,
            onset=onset,
            apex=apex,
            offset=offset,
            apex_status="missing" if apex is None else "given",
            fps=footage.fps,
            synthetic=datasets.record.is_synthetic(root),  # a file SYNTHETIC.txt says so
        )
        return mertk.Clip(
            dataset="campus",
            subject=person,  # who it is: folds hold out people
            name=name,
            footage=footage,
            # of all that the pixels and the timing depend on: it is the key of the cache
            fingerprint=datasets.media.frames.hash_files(
                files, person, name, onset, apex, offset, fps
            ),
            record=known.to_dict(),  # what protocols read labels from
        )


def _frame(table: Table, row: Row, column: str) -> int:
    """A frame number as the table has it, from 1 on."""
    text = table.filled(row, column)
    try:
        number = datasets.spreadsheets.parse_integer(text)
    except ValueError:
        number = 0
    if number < 1:
        place = table.place(row, column)
        raise mertk.DataError(f"{place}: '{text}' is not a frame number (the first is 1)")
    return number


def _media(path: Path, onset: int, offset: int) -> tuple[list[Path], mertk.Frames, float]:
    """Frames onset … offset, the files that they are from, and the frame rate (0: unknown)."""
    if path.is_dir():
        numbered = datasets.media.frames.number_pictures(path)
        lost = [number for number in range(onset, offset + 1) if number not in numbered]
        if lost:
            raise mertk.DataError(f"{path} has no frame {lost[0]}")
        files = [numbered[number] for number in range(onset, offset + 1)]
        return files, datasets.media.frames.of_files(files), 0.0
    video = path.with_name(f"{path.name}.avi")
    if not video.is_file():
        raise mertk.DataError(f"there is neither {video} nor a folder {path}. {LAYOUT}")
    facts = datasets.media.videos.probe_video(video)
    if offset > facts.count:
        raise mertk.DataError(f"{video} has {facts.count} frames, and the offset is {offset}")
    return [video], datasets.media.videos.of_video(video, onset - 1, offset - onset + 1), facts.fps


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("campus", Campus)
