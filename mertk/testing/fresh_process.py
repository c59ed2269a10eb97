"""What a plug-in imports when it is loaded, seen in a fresh process."""

import functools
import json
import subprocess
import sys
from collections.abc import Iterable
from types import ModuleType

from mertk.testing.outcome import BrokenPromise

HEAVY = (
    "torch",
    "torchvision",
    "timm",
    "sklearn",
    "cv2",
    "pandas",
    "scipy",
    "skimage",
    "matplotlib",
    "dlib",
    "joblib",
)

_PROGRAM = """
import importlib, importlib.util, json, sys
sources, path = json.loads(sys.argv[1])
sys.path[:] = path
for name, file in sources:
    if name.startswith("mertk_file_"):
        spec = importlib.util.spec_from_file_location(name, file)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        importlib.import_module(name)
print(json.dumps([name for name in sys.modules if "." not in name]))
"""


def heavy_imports(module: ModuleType, together: Iterable[ModuleType]) -> list[str]:
    """The heavy packages that loading the module imports.

    All modules that are checked `together` are loaded in one process first: where that imports
    nothing heavy, none of them does. Raises `BrokenPromise` where the module cannot be loaded.
    """
    everything = tuple(map(_locate_source, together))
    if len(everything) > 1 and not _find_heavy_imports(everything):
        return []
    return list(_find_heavy_imports((_locate_source(module),)) or ())


def _locate_source(module: ModuleType) -> tuple[str, str]:
    return module.__name__, getattr(module, "__file__", None) or ""


@functools.lru_cache(maxsize=64)
def _find_heavy_imports(sources: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    done = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", _PROGRAM, json.dumps([sources, sys.path])],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise BrokenPromise(f"cannot be loaded in a fresh process: {''.join(last)}")
    loaded = json.loads(done.stdout.splitlines()[-1])
    return tuple(name for name in HEAVY if name in loaded)
