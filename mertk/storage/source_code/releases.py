"""The releases of installed libraries."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions

_DISTRIBUTIONS = {
    "PIL": ("pillow",),
    "cv2": (
        "opencv-python",
        "opencv-python-headless",
        "opencv-contrib-python",
        "opencv-contrib-python-headless",
    ),
    "dlib": ("dlib", "dlib-bin"),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",),
}

_COMPUTING = frozenset(
    {
        "numpy",
        "opencv-python",
        "pillow",
        "scikit-image",
        "scikit-learn",
        "scipy",
        "torch",
        "torchvision",
    }
)
"""Libraries that compute numbers for others, so that their releases count where those are used."""


@functools.lru_cache(maxsize=256)
def releases_of(top: str) -> Mapping[str, str]:
    """The releases behind a library, by distribution: its own, and of those that compute for it."""
    found = find_installed(_DISTRIBUTIONS.get(top, (top,)))
    if not found:  # this reads the file list of everything that is installed
        found = find_installed(packages_distributions().get(top, ()))
    todo = list(found)
    while todo:
        for text in _read_metadata(todo.pop())[1]:
            wanted = re.split(r"[^\w.-]", text, maxsplit=1)[0].lower().replace("_", "-")
            if wanted in _COMPUTING and wanted not in found and "extra ==" not in text:
                found |= find_installed([wanted])
                todo.append(wanted)
    return found


def find_installed(names: Iterable[str]) -> dict[str, str]:
    """The distributions of these that are installed, with their releases."""
    found = {}
    for name in names:
        release = _read_metadata(name)[0]
        if release:
            found[name] = release
    return found


@functools.lru_cache(maxsize=256)
def _read_metadata(name: str) -> tuple[str | None, Sequence[str]]:
    """The release of a distribution, and what it requires."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None, ()
    return found.version, found.requires or ()
