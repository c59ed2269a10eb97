"""What the `path` column of an index.csv may point at: frames, a video, or an array."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import mertk
from mertk import datasets


@dataclass(frozen=True, slots=True)
class Media:
    """A source of frames: how many it has, and its frame rate in Hz where it says so (else 0)."""

    path: Path
    kind: str
    count: int
    fps: float = 0.0
    files: tuple[Path, ...] = ()


def probe_media(path: Path) -> Media:
    """What a path holds, without decoding it; raises `DataError` where that is nothing."""
    if not path.exists():
        raise mertk.DataError(f"{path} does not exist")
    if path.is_dir():
        files = tuple(datasets.media.frames.number_pictures(path).values())
        if not files:
            raise mertk.DataError(f"{path} holds no pictures (jpg, png, bmp or tif)")
        return Media(path, "frames", len(files), files=files)
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return Media(path, "array", datasets.media.arrays.frame_count(path))
    if datasets.media.frames.is_picture(path.name):
        return Media(path, "frames", 1, files=(path,))
    if suffix in datasets.media.videos.VIDEOS:
        facts = datasets.media.videos.probe_video(path)
        return Media(path, "video", facts.count, facts.fps)
    raise mertk.DataError(f"{path} is no folder, picture, video or .npy file")


def cut_frames(media: Media, onset: int, offset: int) -> tuple[mertk.Frames, list[Path]]:
    """The frames onset … offset, and the files that they come from."""
    count = offset - onset + 1
    if media.kind == "frames":
        files = list(media.files[onset : offset + 1])
        return datasets.media.frames.of_files(files), files
    if media.kind == "array":
        return datasets.media.arrays.of_array(media.path, onset, count), [media.path]
    return datasets.media.videos.of_video(media.path, onset, count), [media.path]
