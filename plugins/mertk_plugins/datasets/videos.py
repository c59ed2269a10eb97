"""Long videos without annotations, such as the unseen set of a challenge."""

from pathlib import Path

import mertk
from mertk.datasets import media


class Videos:
    """Long videos without annotations: files, or folders of frames, to spot expressions in.

    The folder holds one entry a video: a file such as `a.mp4`, or a folder of numbered pictures. A
    folder of such entries is a person, and its entries are the person's videos; other videos are of
    one person each. Frames of a file are counted from 0; pictures have the numbers in their names.

    Args:
        fps: frame rate of folders of pictures, in Hz, above 0; video files say their own.
    """

    default_protocol = "loso"
    obtain = "your own videos, or the unseen set of a challenge from its organisers"

    def __init__(self, *, fps: float | None = None) -> None:
        if fps is not None and not fps > 0:
            raise ValueError(f"fps={fps}; it must be above 0")
        self.fps = fps

    def index(self, root: Path | None = None, /) -> list[mertk.Clip]:
        """One clip a video, its onset and offset the first and the last frame.

        Raises `DataError` where there is no video, or pictures have no frame rate.
        """
        if root is None:
            raise mertk.DataError("videos needs a folder: --data FOLDER")
        found = []
        for path in _list_entries(root):
            inner = _list_entries(path) if path.is_dir() and not _is_video(path) else [path]
            found += [self._make_clip(one, root) for one in inner if _is_video(one)]
        if not found:
            known = ", ".join(sorted(media.videos.VIDEOS))
            raise mertk.DataError(f"{root} holds no video ({known}) and no folder of pictures")
        return found

    def _make_clip(self, path: Path, root: Path) -> mertk.Clip:
        found = media.sources.probe_media(path)
        fps = found.fps or self.fps
        if not fps:
            raise mertk.DataError(
                f"{path} is a folder of pictures, which say no frame rate; "
                "give it in Hz: --dataset videos:fps=200"
            )
        pictures, files = found.cut_frames(0, found.count - 1)
        name = path.name if path.is_dir() else path.stem
        record = {"video": name, "annotated": False}
        if path.is_dir():
            record["frames_dir"] = path.relative_to(root).as_posix()
        return mertk.Clip(
            dataset="videos",
            subject=name if path.parent == root else path.parent.name,
            name=name,
            footage=mertk.Footage(frames=pictures, onset=0, offset=found.count - 1, fps=fps),
            fingerprint=media.frames.hash_files(files, fps),
            record=record,
            files=files,
        )


def _list_entries(folder: Path) -> list[Path]:
    """What a folder holds, sorted, without hidden entries."""
    if not folder.is_dir():
        raise mertk.DataError(f"{folder} is no folder; give the folder that holds the videos")
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _is_video(path: Path) -> bool:
    """Whether it is a video file or a folder of pictures."""
    if path.is_dir():
        return any(media.frames.is_picture(file.name) for file in path.iterdir())
    return path.suffix.lower() in media.videos.VIDEOS


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("videos", Videos)
