"""One clip of a prepared folder: registered frames, flow map, landmarks, and a row of the table."""

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mertk.core.clips import Clip, Faces, Pixels
from mertk.core.errors import ComponentError, DataError, MertkError
from mertk.core.recipe import Use
from mertk.datasets.record import DERIVED, to_text
from mertk.export import layouts
from mertk.pipeline.features import PrefixKeys, align_clip
from mertk.pipeline.pipeline import Stage
from mertk.plugins.loader import load_plugins
from mertk.storage import identity
from mertk.storage.atomic_files import write_folder, write_json
from mertk.storage.cache import Cache
from mertk.vision import optical_flow, resampling

FrameFiles = Literal["png", "npy", "none"]

KIND = "prepared clip"  # what a clip's folder is, by its mark

FLOW, LANDMARKS = "flow.npy", "landmarks.npy"
_ABOUT, _STACK, _FIRST = "clip.json", "frames.npy", "00001.png"
_POINTS = 68  # what `Footage.landmarks` holds
_OF_THE_SOURCE = frozenset(
    {
        "onset",
        "apex",
        "offset",
        "root_kind",
        "frames_dir",
        "n_files",
        "first_file",
        "last_file",
        "zero_pad",
        "n_missing",
        "long_offset",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How all clips of a folder are made, as a worker needs it.

    `files` are plug-in files. `size` is that of the flow maps; 0 is the size of the face.
    """

    out: Path
    files: tuple[str, ...]
    cache: Path
    aligner: Use
    method: optical_flow.Method
    size: int
    frames: FrameFiles


def name_folders(clips: Iterable[Clip]) -> dict[str, str]:
    """Clip id → its folder `dataset/subject/clip`, relative to the prepared one."""
    taken: set[str] = set()
    return {c.uid: layouts.free_path((c.dataset, c.subject, c.name), taken) for c in clips}


def make_clip_folder(making: Making, clip: Clip, place: str) -> tuple[str, MertkError | None]:
    """A unit of work: write the folder of a clip. Gives its id, and its error if it failed."""
    try:
        write_folder(
            making.out / place, functools.partial(_fill_folder, making, clip), KIND, [_ABOUT]
        )
    except (DataError, ComponentError) as error:
        return clip.uid, error
    return clip.uid, None


def is_done(folder: Path, clip: Clip) -> bool:
    """Whether the folder holds all files of this clip, as its pixels and timing are now."""
    about = _read_note(folder)
    files = about.get("files", ())
    return about.get("fingerprint") == identity.clip_identity(clip) and all(
        (folder / name).is_file() for name in files
    )


def _fill_folder(making: Making, clip: Clip, folder: Path) -> None:
    step, keys = _build_aligner(making.aligner, making.files)
    faces = align_clip(step, keys, Cache(making.cache), clip)
    _write_frames(faces, folder, making.frames)
    np.save(folder / FLOW, _compute_flow_map(faces, making))
    if faces.landmarks is not None and len(faces.landmarks) == _POINTS:
        np.save(folder / LANDMARKS, np.asarray(faces.landmarks, np.float32))
    names = sorted(file.name for file in folder.iterdir())
    made_of = identity.clip_identity(clip)
    write_json(folder / _ABOUT, {"uid": clip.uid, "fingerprint": made_of, "files": names})


@functools.lru_cache(maxsize=4)
def _build_aligner(use: Use, files: tuple[str, ...]) -> tuple[Stage, PrefixKeys]:
    """The aligner, built once a process, and the keys of its results in the cache."""
    registry = load_plugins(files).registry
    step = Stage("aligner", registry.build("aligner", use))
    return step, PrefixKeys((), identity.component_identity(registry, "aligner", use))


def _compute_flow_map(faces: Faces, making: Making) -> Any:
    """(u, v, strain) `[h, w, 3]` float32, in pixels of the registered face at any size."""
    whole = optical_flow.onset_apex(faces, making.method)
    return resampling.resize_picture(whole, (making.size, making.size)) if making.size else whole


def _write_frames(faces: Faces, folder: Path, kind: FrameFiles) -> None:
    """Onset … offset; lossless, so that what is read back is what was registered."""
    if kind == "none" or not len(faces.frames):
        return
    if kind == "npy":
        np.save(folder / _STACK, faces.frames[faces.expression])
        return
    for number, at in enumerate(range(faces.onset, faces.offset + 1), 1):
        write_picture(folder / f"{number:05d}.png", faces.frames[at])


def write_picture(file: Path, picture: Pixels) -> None:
    """Write an RGB picture as PNG."""
    import cv2

    _, coded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    file.write_bytes(coded.tobytes())


def make_row(out: Path, clip: Clip, place: str) -> dict[str, Any]:
    """The row of a clip: the columns of the data set `folder`, then the record of the clip.

    Timing is relative to the onset, the first frame here. Frame numbers and other facts of the
    original files are in columns `source.…`.
    """
    footage, record = clip.footage, clip.record
    known = {"subject": clip.subject, "clip": record.get("clip") or clip.name}
    timing = {
        "onset": 0,
        "apex": "" if footage.apex is None else footage.apex - footage.onset,
        "offset": footage.offset - footage.onset,
        "fps": footage.fps,
    }
    files = _name_files(out, place)
    ids = {"dataset": clip.dataset, "uid": clip.uid}
    own = known | {"path": files["path"], "label": record.get("label", "")} | timing | files | ids
    source, rest = {}, {}
    for name, text in to_text(record).items():
        if name in _OF_THE_SOURCE:
            source[f"source.{name}"] = text
        elif name not in own and name not in DERIVED:
            rest[name] = text
    return own | source | rest


def _name_files(out: Path, place: str) -> dict[str, str]:
    """The columns that point at files; empty where there is none."""
    names = _read_note(out / place)["files"]
    path = place if _FIRST in names else f"{place}/{_STACK}" if _STACK in names else ""
    landmarks = f"{place}/{LANDMARKS}" if LANDMARKS in names else ""
    return {"path": path, "flow": f"{place}/{FLOW}", "landmarks": landmarks}


def _read_note(folder: Path) -> Mapping[str, Any]:
    """The stored facts of a clip; empty where it is not finished or damaged."""
    try:
        found = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
