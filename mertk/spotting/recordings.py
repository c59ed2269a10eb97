"""The long videos of a data set, put together from its clips, with their annotations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mertk.core.clips import Clip, Footage
from mertk.core.errors import DataError
from mertk.datasets.media import frames
from mertk.spotting.scoring import Interval

MICRO = 0.5
"""The longest micro-expression in seconds (Yan et al. 2013)."""

TYPES = {"micro": "me", "macro": "mae"}
"""The kinds as tables of the challenges write them, in a column `type`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """One video from its first to its last frame, and the expressions that are annotated in it.

    `numbers` are the data set's own numbers of its frames, by which `truths` are counted. Where
    `annotated` is False, nobody has looked for expressions: no truth does not mean no expression.
    """

    subject: str
    video: str
    footage: Footage
    numbers: Sequence[int]
    truths: tuple[Interval, ...] = ()
    annotated: bool = True

    @property
    def seconds(self) -> float:
        """The duration."""
        return len(self.footage.frames) / self.footage.fps

    def interval(self, onset: int, offset: int) -> Interval:
        """Positions in the video as an interval of it, of the kind that its duration makes it."""
        kind = kind_of((offset - onset + 1) / self.footage.fps)
        first, last = self.numbers[onset], self.numbers[offset]
        return Interval(self.video, first, last, kind, subject=self.subject)


def kind_of(seconds: float) -> str:
    """The kind of an expression of this duration: 'micro' or 'macro'."""
    return "micro" if seconds <= MICRO else "macro"


def find_recordings(clips: Sequence[Clip], folder: Path | None) -> list[Recording]:
    """The long videos of one data set that lies in `folder`, those without an expression too.

    Where clips are cut out of folders of frames, a video is such a folder, and folders beside it
    are videos in which nothing is annotated. Else a clip's frames are those of its whole video, and
    clips of the same subject and `video` are of one. Raises `DataError` where folders hold single
    expressions, or clips of one video have different frames.
    """
    groups: dict[tuple[str, str, str], list[Clip]] = {}
    for clip in clips:
        groups.setdefault((clip.subject, *_locate_video(clip, folder)), []).append(clip)
    found = []
    for (_, where, video), group in groups.items():
        if folder is None or not where:
            found.append(_make_whole_recording(group, video))
        else:
            found.append(_make_folder_recording(group, folder / where))
    return found if folder is None else found + _find_silent_recordings(clips, folder)


def _locate_video(clip: Clip, folder: Path | None) -> tuple[str, str]:
    """The folder of frames of a clip's video, or '' and the name of the video."""
    if folder is not None and clip.record.get("frames_dir"):
        return str(clip.record["frames_dir"]), ""
    return "", str(clip.record.get("video") or clip.name)


def _make_whole_recording(group: Sequence[Clip], video: str) -> Recording:
    """A video whose frames are those of each of its clips."""
    first = group[0]
    lengths = sorted({len(clip.footage.frames) for clip in group})
    if len(lengths) > 1:
        raise DataError(
            f"clips of the video {first.person}/{video} have {lengths[0]} … {lengths[-1]} frames: "
            "they are cut out of it. Spotting needs each video as a whole"
        )
    footage = replace(first.footage, onset=0, apex=None, offset=lengths[0] - 1, flow=None)
    found = Recording(
        subject=first.subject, video=video, footage=footage, numbers=range(lengths[0])
    )
    if not _is_annotated(first):
        return replace(found, annotated=False)
    truths = (_make_truth(found, c, c.footage.onset, c.footage.offset) for c in group)
    return replace(found, truths=tuple(truths))


def _make_folder_recording(group: Sequence[Clip], root: Path) -> Recording:
    """A video that is a folder of frames, of which the clips name their own by number."""
    found = _read_folder(group[0].subject, root, group[0].footage.fps)
    if not _is_annotated(group[0]):
        return replace(found, annotated=False)
    held = set(found.numbers)
    if len(group) == 1 and len(group[0].footage.frames) == len(held):
        raise DataError(
            f"{root} holds the expression {group[0].uid} alone. Spotting needs whole recordings: "
            f"choose a tree of them, such as {group[0].dataset}:tree=raw or tree=long"
        )
    truths = (
        _make_truth(found, clip, clip.record["onset"], clip.record["offset"]) for clip in group
    )
    return replace(found, truths=tuple(truths))


def _is_annotated(clip: Clip) -> bool:
    return bool(clip.record.get("annotated", True))


def _make_truth(found: Recording, clip: Clip, onset: int, offset: int) -> Interval:
    kind = str(clip.record.get("expression_type", ""))
    if kind not in ("micro", "macro"):
        kind = kind_of((offset - onset + 1) / clip.footage.fps)
    emotion = str(clip.record.get("label") or "").lower()
    return Interval(found.video, onset, offset, kind, emotion, found.subject)


def _read_folder(subject: str, root: Path, fps: float) -> Recording:
    files = frames.number_pictures(root)
    if not files:
        raise DataError(f"{root}: holds no frames")
    footage = Footage(
        frames=frames.of_files(list(files.values())), onset=0, offset=len(files) - 1, fps=fps
    )
    return Recording(subject=subject, video=root.name, footage=footage, numbers=list(files))


def _find_silent_recordings(clips: Sequence[Clip], folder: Path) -> list[Recording]:
    """Folders of frames beside those of videos with an expression: in these none is annotated."""
    owners: dict[Path, set[str]] = {}
    known = set()
    for clip in clips:
        if clip.record.get("frames_dir"):
            known.add(folder / clip.record["frames_dir"])
            owners.setdefault((folder / clip.record["frames_dir"]).parent, set()).add(clip.subject)
    found = []
    for parent, subjects in sorted(owners.items()):
        for path in sorted(set(parent.iterdir()) - known):
            if path.is_dir() and any(frames.is_picture(file.name) for file in path.iterdir()):
                subject = next(iter(subjects)) if len(subjects) == 1 else path.name
                found.append(_read_folder(subject, path, clips[0].footage.fps))
    return found
