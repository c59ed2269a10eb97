"""Write flow maps as the folder tree of pictures that published flow networks read.

STSTNet (Liong et al. 2019) and HTNet (Wang et al. 2024) train on one folder a held-out subject,
with the pictures of all other subjects in `u_train/<label>` and its own in `u_test/<label>`.
"""

import functools
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from mertk.core.clips import Clip, Pixels
from mertk.core.splits import Split
from mertk.experiment.task import Task
from mertk.export import layouts
from mertk.export.clip_files import FLOW, write_picture
from mertk.storage.atomic_files import write_folder, write_json
from mertk.vision import optical_flow

FOLDER, FOLDS, WHOLE = "megc", "norm_u_v_os", "whole_norm_u_v_os"
"""The tree's folder; in it a folder a fold, and all pictures once."""

KIND = "tree of flow pictures"  # what that folder is, by its mark


def write_megc_tree(
    out: Path, task: Task, where: Mapping[str, str], advance: Callable[[str], object]
) -> None:
    """Write the tree `megc` below a prepared folder, whole or not at all.

    `where` is each clip's folder by its id; `advance` is called with the name of each fold.
    """
    write_folder(out / FOLDER, functools.partial(_fill_tree, out, task, where, advance), KIND)


def _fill_tree(
    out: Path, task: Task, where: Mapping[str, str], advance: Callable[[str], object], folder: Path
) -> None:
    names = _name_pictures(task.clips)
    (folder / WHOLE).mkdir()
    for clip, name in zip(task.clips, names, strict=True):
        flow = np.load(out / where[clip.uid] / FLOW, allow_pickle=False)
        write_picture(folder / WHOLE / name, _draw_flow(flow))
    classes = sorted(task.sample.classes)  # so that negative is 0, positive 1, surprise 2
    write_json(folder / "labels.json", dict(enumerate(classes)))
    labels = [str(classes.index(task.sample.classes[at])) for at in task.sample.labels]
    taken: set[str] = set()
    for split in task.splits:
        place = folder / FOLDS / layouts.free_path((split.name,), taken)
        _link_fold(split, place, folder / WHOLE, names, labels)
        advance(split.name)


def _name_pictures(clips: Sequence[Clip]) -> list[str]:
    """Unique names `dataset_subject_clip.png`; the tree holds the clips of all data sets."""
    taken: set[str] = set()
    names = []
    for clip in clips:
        plain = f"{clip.dataset}_{clip.subject}_{clip.name}"
        names.append(f"{layouts.free_path((plain,), taken)}.png")
    return names


def _draw_flow(uvs: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Pixels:
    """Red u, green v, blue strain `[h, w, 3]` uint8: each channel's least is 0, its most 255."""
    return np.rint(255 * optical_flow.normalise_flow(uvs, "minmax")).astype(np.uint8)


def _link_fold(
    split: Split, place: Path, whole: Path, names: Sequence[str], labels: Sequence[str]
) -> None:
    for part, positions in (("u_train", split.train), ("u_test", split.test)):
        for at in positions.tolist():
            target = place / part / labels[at]
            target.mkdir(parents=True, exist_ok=True)
            _share_file(whole / names[at], target / names[at])


def _share_file(source: Path, target: Path) -> None:
    """Make a hard link: each picture is in one folder of each fold."""
    try:
        os.link(source, target)
    except OSError:  # not every file system has them
        shutil.copyfile(source, target)
