"""Import a user's own module by its name, also from the current folder."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

from mertk.core.errors import ParameterError

PLUGIN_FILE = "mertk_file_"
"""How the names begin that modules of plug-in files have."""


def import_own_module(name: str) -> ModuleType:
    """Import a module by its dotted name.

    One that Python does not find is looked for in the current folder, as `python` itself does; the
    folders of plug-in files are searched by Python once the plug-ins are loaded.

    Raises `ModuleNotFoundError` where there is none.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        top = name.partition(".")[0]
        here = Path.cwd()
        found = (here / f"{top}.py", here / top / "__init__.py")
        if error.name != top or not any(file.is_file() for file in found):
            raise
    add_import_folder(here)
    return importlib.import_module(name)


def add_import_folder(folder: Path) -> None:
    """Let Python find the modules of a folder, after all others: it hides no installed module."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
        importlib.invalidate_caches()


def find_import_path(kind: type) -> str:
    """The dotted name by which a class is imported; that of a plug-in file begins with its name.

    Raises `ParameterError` for a class within a function or another class.
    """
    if "." in kind.__qualname__:
        raise ParameterError(f"{kind.__qualname__} must stand at the top of a module, to be found")
    module = kind.__module__
    if module.startswith(PLUGIN_FILE):
        module = Path(str(sys.modules[module].__file__)).stem
    return f"{module}.{kind.__qualname__}"
