"""What a result depends on.

Identity names a run and its features: recipe, protocol, clips, data, the code of the components
(`mertk.storage.source_code`) with the releases of the libraries that it uses, and the version of
the pipeline.
Everything else, such as the machine, is provenance, which is only written down.
"""

from __future__ import annotations

import hashlib
import inspect
import itertools
import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from mertk.core.errors import ComponentError
from mertk.core.imports import import_own_module
from mertk.storage.source_code.component import hash_file, modules_behind, read_code
from mertk.storage.source_code.releases import find_installed, releases_of
from mertk.vision import optical_flow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Clip
    from mertk.core.recipe import Recipe, Use
    from mertk.plugins.registry import Registry

_RELEASES = (
    "mertk",
    "numpy",
    "scikit-learn",
    "scikit-image",
    "opencv-python",
    "opencv-contrib-python",
    "torch",
    "timm",
    "dlib-bin",
)


_SCORES = "mertk.core.metrics"
"""What a protocol scores by; scores are computed anew from predictions whenever they are shown."""


def hash_json(data: Any) -> str:
    """A SHA-256 of JSON data, in hex."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def component_identity(registry: Registry, kind: str, use: Use) -> dict[str, Any]:
    """Name, all parameters (defaults too), source hash and library releases of one component.

    One that runs other people's code by its import `path` has that code's identity as well, and
    one with a file of `weights` a hash of the file, and one that computes optical flow by a
    `method` the name of its engine. Raises `ComponentError` where it has no source, or where the
    file is missing.
    """
    entry = registry.get(kind, use.name)
    defaults = {name: p.default for name, p in entry.parameters().items()}
    params = {**defaults, **use.params}
    try:
        code = read_code(entry.load(), aside=_SCORES if kind == "protocol" else "")
        foreign = {}
        if entry.open and "path" in params:
            foreign["code"] = _find_code_behind(str(params["path"]))
        if params.get("weights"):
            foreign["weights"] = _hash_weights(Path(str(params["weights"])))
        if _computes_flow(entry.load(), params):
            foreign["flow_engine"] = optical_flow.find_engine(params["method"])
    except ComponentError as error:
        raise ComponentError(f"{kind} '{use.name}': {error}") from error
    return {
        "kind": kind,
        "name": use.name,
        "params": params,
        "source": code.source,
        "libraries": dict(code.libraries),
        **foreign,
    }


def find_flow_engines(recorded: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """By place of a `recipe_identity` the method of its optical flow and whose code computes it."""
    return {
        place: f"{part['params']['method']} by {part['flow_engine']}"
        for place, part in recorded.items()
        if "flow_engine" in part
    }


def _computes_flow(target: Any, params: Mapping[str, Any]) -> bool:
    """Whether a component has a parameter `method` of optical flow."""
    known = params.get("method") in get_args(optical_flow.Method)
    return known and optical_flow.__name__ in modules_behind(target)


def _hash_weights(file: Path) -> str:
    if not file.is_file():
        raise ComponentError(f"there is no file of weights {file}")
    return hash_file(file)


def changed_components(
    registry: Registry, recipe: Recipe, recorded: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """The components of a recipe whose code is not that of a recorded `recipe_identity`."""
    changed = []
    for place, found in recipe_identity(registry, recipe).items():
        before = recorded.get(place, {})
        if (found["source"], found.get("code")) != (before.get("source"), before.get("code")):
            changed.append(f"{place} {found['name']}")
    return changed


def _find_code_behind(path: str) -> str:
    """The releases of an installed package, or a hash of source that may be edited."""
    module_name, _, name = path.rpartition(".")
    try:
        target = getattr(import_own_module(module_name), name)
    except (ModuleNotFoundError, AttributeError, ValueError) as error:
        raise ComponentError(f"path={path} cannot be imported: {error}") from error
    module = inspect.getmodule(target)
    file = str(getattr(module, "__file__", ""))
    if module is None or not {"site-packages", "dist-packages"} & set(Path(file).parts):
        code = read_code(target)
        return " ".join([code.source, *itertools.chain(*code.libraries.items())])
    releases = releases_of(module.__name__.partition(".")[0])
    return " ".join(itertools.chain(*releases.items()))


def recipe_identity(registry: Registry, recipe: Recipe) -> dict[str, Any]:
    """The identity of every component of a recipe, by place."""
    found = {}
    for place, use in recipe.places().items():
        found[place] = component_identity(registry, place.partition(".")[0], use)
    return found


def clips_identity(clips: Sequence[Clip], labels: Sequence[str]) -> dict[str, str]:
    """Hashes of the clip list with its labels, and of the data behind it."""
    lines = sorted(f"{clip.uid},{label}\n" for clip, label in zip(clips, labels, strict=True))
    prints = sorted(f"{clip.uid},{clip_identity(clip)}\n" for clip in clips)
    return {
        "clip_list": hashlib.sha256("".join(lines).encode()).hexdigest(),
        "data": hashlib.sha256("".join(prints).encode()).hexdigest(),
    }


def clip_identity(clip: Clip) -> str:
    """A hash of what a clip's features depend on: files, timing, landmarks, and its reader's code.

    The readers in `mertk.datasets` have versions of their own, which are in the fingerprint.
    """
    footage = clip.footage
    landmarks = footage.landmarks
    points = None if landmarks is None else hashlib.sha256(landmarks.tobytes()).hexdigest()
    timing = [footage.onset, footage.apex, footage.offset, footage.fps, len(footage.frames)]
    readers = list(filter(None, map(_read_reader_code, footage.frames.makers)))
    parts: list[Any] = [clip.uid, clip.fingerprint, timing, points, readers]
    if footage.features:
        parts.append({n: hash_array(a) for n, a in sorted(footage.features.items())})
    return hash_json(parts)


def hash_array(array: NDArray[Any]) -> str:
    """A SHA-256 of the numbers of an array with their type and shape, in hex."""
    head = f"{array.dtype} {array.shape}".encode()
    return hashlib.sha256(head + array.tobytes()).hexdigest()


def _read_reader_code(maker: Any) -> list[Any] | None:
    """The code of what reads or changes frames; None where mertk itself or memory gives them."""
    maker = getattr(maker, "func", maker)
    target = maker if inspect.isfunction(maker) else getattr(maker, "__func__", type(maker))
    if target.__module__.partition(".")[0] in ("builtins", "mertk"):
        return None
    code = read_code(target, whole=False)
    return [code.source, dict(code.libraries)]


def collect_provenance(device: str) -> dict[str, Any]:
    """What was merely true when a run was made: releases, machine, time, device."""
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "device": device,
        "releases": find_installed(_RELEASES),
    }
