"""What a path to a clip may point at: a folder of frames, a video, or an array."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mertk.core.clips import Frames
from mertk.core.errors import DataError
from mertk.core.printing import count_noun
from mertk.datasets.media import arrays, frames, videos

_PALETTE = "a GIF shows at most 256 colours a frame: small motion may be lost"


@dataclass(frozen=True, slots=True)
class Media:
    """Frames on disk: how many they are, and their rate in Hz where the file says it (else 0).

    `kind` is frames, video or array. `files` are the pictures of a folder.
    """

    path: Path
    kind: str
    count: int
    fps: float = 0.0
    files: tuple[Path, ...] = ()
    bits: int | None = None

    def cut_frames(self, onset: int, offset: int) -> tuple[Frames, list[Path]]:
        """The frames onset … offset, and the files that they come from."""
        count = offset - onset + 1
        if self.kind == "frames":
            files = list(self.files[onset : offset + 1])
            return frames.of_files(files, self.bits), files
        if self.kind == "array":
            return arrays.of_array(self.path, onset, count), [self.path]
        return videos.of_video(self.path, onset, count), [self.path]

    def read_times(self, fps: float) -> NDArray[np.float64]:
        """The time of each frame in seconds from the first; by `fps` (Hz) where there is none."""
        if self.kind == "video":
            return videos.probe_video(self.path).times
        return np.asarray(np.arange(self.count) / fps)

    def list_notes(self) -> list[str]:
        """What is unusual about the file, a sentence each."""
        if self.kind == "video":
            few = self.path.suffix.lower() == ".gif"
            return [*videos.probe_video(self.path).list_notes(), *[_PALETTE] * few]
        copies = frames.sort_pictures(self.path)[1] if self.path.is_dir() else []
        return [frames.describe_copies(copies)] if copies else []


def _say_other(folder: Path) -> str:
    """Which files a folder holds most of, where none is a picture."""
    endings = Counter(file.suffix.lower() for file in folder.iterdir() if file.suffix)
    if not endings:
        return ""
    ending, count = endings.most_common(1)[0]
    return f", but {count_noun(count, f'{ending} file')}; convert them, or give the source itself"


def probe_media(path: Path, bits: int | None = None) -> Media:
    """What a path holds; a video is decoded once, to count its frames.

    Args:
        path: a folder of pictures, one picture, a video, or a `.npy` file.
        bits: how many bits the camera recorded, of pictures of more than 8.

    Raises:
        DataError: there is nothing that can be read as frames.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist")
    if path.is_dir():
        files = tuple(frames.number_pictures(path).values())
        if not files:
            known = "jpg, png, bmp, tif or webp"
            raise DataError(f"{path} holds no pictures ({known}){_say_other(path)}")
        frames.check_depth(files[0], bits)
        return Media(path, "frames", len(files), files=files, bits=bits)
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return Media(path, "array", arrays.frame_count(path))
    if frames.is_picture(path.name):
        frames.check_depth(path, bits)
        return Media(path, "frames", 1, files=(path,), bits=bits)
    if suffix in videos.VIDEOS:
        facts = videos.probe_video(path)
        return Media(path, "video", facts.count, facts.fps)
    raise DataError(
        f"{path} is no folder of frames, picture, video ({', '.join(sorted(videos.VIDEOS))}) "
        "or .npy file"
    )
