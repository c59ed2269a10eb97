"""The clips of a run as its workers read them, written once: units of work only name the file."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mertk.core.errors import StorageError
from mertk.pipeline.fold import LabelledClips
from mertk.storage.atomic_files import write_json
from mertk.storage.identity import hash_json


def write_clip_list(run: Path, sample: LabelledClips, keys: Sequence[str]) -> Path:
    """Write the clips with their cache keys (one each, or none) into a run's folder."""
    data = {
        "uids": list(sample.uids),
        "people": sample.people.tolist(),
        "labels": sample.labels.tolist(),
        "classes": list(sample.classes),
        "keys": list(keys),
    }
    path = run / _name_file(data)
    write_json(path, data)
    return path


@functools.lru_cache(maxsize=8)
def read_clip_list(path: Path) -> tuple[LabelledClips, tuple[str, ...]]:
    """The clips and their cache keys, read once a process."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if path.name != _name_file(data):
            raise ValueError("it is damaged")  # noqa: TRY301
    except (OSError, ValueError) as error:
        raise StorageError(
            f"a worker cannot read {path} ({error}); it must reach the run's folder by this path"
        ) from error
    sample = LabelledClips(
        uids=data["uids"],
        people=np.asarray(data["people"]),
        labels=np.asarray(data["labels"], np.int64),
        classes=tuple(data["classes"]),
    )
    return sample, tuple(data["keys"])


def _name_file(data: object) -> str:
    return f"clips-{hash_json(data)[:12]}.json"
