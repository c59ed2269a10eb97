"""What is taken out of a run before its results are shared: paths, file names, and ids of people.

The ids of a data set that everybody can obtain are published, and are kept. All other ids are
replaced by numbers. They are the same each time that the same clips are shared, and cannot be
computed back from the shared files.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mertk.plugins.registry import Registry

LEFT_OUT = "(left out)"  # what stands in the place of a path, a file name or an id

_OWN_CLIPS = frozenset({"folder"})  # its ids are those that a user wrote
_SUFFIXES = (
    "7z avi bin bmp ckpt csv dat gz h5 ini jpeg jpg json log mat md mkv mov mp4 npy npz ods onnx "
    "pickle pkl png pt pth py safetensors tar task tif tiff toml tsv txt webm xls xlsx yaml yml zip"
)
_PATH = re.compile(
    rf"[^\s=+,]*(?:[/\\]|~)[^\s=+,]*|[^\s=+,]+\.(?:{_SUFFIXES.replace(' ', '|')})(?![\w.])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Names:
    """The names under which clips, people and folds are shared, by their own names.

    `changed` are the data sets whose ids are replaced.
    """

    clips: Mapping[str, str]
    people: Mapping[str, str]
    folds: Mapping[str, str]
    changed: Sequence[str]


def keeps_ids(registry: Registry, dataset: str) -> bool:
    """Whether the ids of a data set are published: mertk itself reads it, and from its own files.

    Those of plug-ins and of a user's own clips may tell a name.
    """
    if dataset in _OWN_CLIPS or dataset not in registry.names("dataset"):
        return False
    return registry.get("dataset", dataset).origin.partition(" ")[0] == "mertk"


def choose_names(
    registry: Registry, clips: Mapping[str, Mapping[str, Any]], key: str, datasets: Sequence[str]
) -> Names:
    """The names to share; `key` is a secret of the clip list, which sets the order of numbers.

    Args:
        registry: says which data sets mertk reads.
        clips: by clip id its `person` and `fold`.
        key: a hash that is not shared.
        datasets: the names of the data sets.
    """
    own = {name: keeps_ids(registry, name) for name in datasets}
    people: dict[str, str] = {}
    ids: dict[str, str] = {}
    counts: dict[str, int] = {}
    for uid in sorted(clips, key=lambda uid: _hash_id(key, uid)):
        person = clips[uid]["person"]
        dataset = uid.partition("/")[0]
        if own.get(dataset):
            people[person], ids[uid] = person, uid
            continue
        if person not in people:
            counts[dataset] = counts.get(dataset, 0) + 1
            people[person] = f"{dataset}/p{counts[dataset]:03}"
        named = people[person]
        counts[named] = counts.get(named, 0) + 1
        ids[uid] = f"{named}/c{counts[named]:03}"
    changed = [name for name in datasets if not own[name]]
    folds: dict[str, str] = {}
    for uid in sorted(clips, key=ids.__getitem__):
        fold = clips[uid]["fold"]
        if fold is not None and fold not in folds:
            kept = fold if not changed or fold in own else f"fold{len(folds) + 1:03}"
            folds[fold] = people.get(fold, kept)
    return Names(ids, people, folds, changed)


def clean_value(value: Any, place: str, left_out: list[str]) -> Any:
    """A copy of JSON data without paths and file names; `left_out` receives where one was."""
    if isinstance(value, Mapping):
        found = {}
        for name, part in value.items():
            shown = clean_text(str(name))
            found[shown] = clean_value(part, f"{place}.{shown}", left_out)
        return found
    if isinstance(value, (list, tuple)):
        return [clean_value(part, f"{place}.{at}", left_out) for at, part in enumerate(value)]
    if isinstance(value, str) and clean_text(value) != value:
        left_out.append(place)
        return clean_text(value)
    return value


def clean_text(text: str) -> str:
    """Text without paths and file names."""
    return _PATH.sub(LEFT_OUT, text)


def clean_dataset(use: Mapping[str, Any], place: str, left_out: list[str]) -> dict[str, Any]:
    """A data set whose ids are not published: of its parameters, numbers and switches alone."""
    found: dict[str, Any] = {}
    for name, value in use.items():
        if name == "name" or isinstance(value, (bool, int, float)):
            found[name] = value
        else:
            left_out.append(f"{place}.{name}")
    return found


def replace_ids(ids: Sequence[str], changed: Sequence[str]) -> list[str]:
    """Clip ids that are in no list, without those of the data sets whose ids are `changed`."""
    found = []
    for uid in ids:
        dataset = uid.partition("/")[0]
        found.append(f"{dataset}/{LEFT_OUT}" if dataset in changed else uid)
    return found


def _hash_id(key: str, uid: str) -> str:
    return hashlib.sha256(f"{key}\n{uid}".encode()).hexdigest()
