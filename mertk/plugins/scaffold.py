"""New plug-ins: a component that works, and its test, to be changed into one's own."""

import contextlib
import os
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template

from mertk.core.errors import ParameterError, StorageError, UnknownNameError
from mertk.plugins.registry import KINDS
from mertk.storage.atomic_files import check_writable, write_text

NETWORK = "network"
"""A template beside those of the kinds: a classifier that is trained by gradient."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def make_plugin_files(kind: str, name: str) -> Mapping[str, str]:
    """The files of a plug-in that is one file, by path."""
    words = _make_words(kind, name)
    return {
        f"{name}.py": _fill_template(f"{kind}.py", words),
        f"test_{name}.py": _format_test(words, f'Path(__file__).with_name("{name}.py")'),
    }


def make_package_files(kind: str, name: str, version: str) -> Mapping[str, str]:
    """The files of a plug-in that is a package of its own, for mertk from `version` on."""
    words = _make_words(kind, name) | {"version": version}
    folder = f"mertk-{words['dashed']}"
    found = {
        "pyproject.toml": _fill_template("package/pyproject.toml", words),
        "README.md": _fill_template("package/README.md", words),
        ".github/workflows/test.yml": _fill_template("package/test.yml", words),
        ".github/workflows/publish.yml": _fill_template("package/publish.yml", words),
        f"mertk_{name}.py": _fill_template(f"{kind}.py", words),
        f"tests/test_{name}.py": _format_test(words, f'"{name}"'),
    }
    return {f"{folder}/{path}": text for path, text in found.items()}


def write_texts(texts: Mapping[str, str], folder: Path) -> list[Path]:
    """Write files below a folder, all or none; raises `StorageError` where one is there already."""
    paths = [folder / path for path in texts]
    for path in paths:
        if os.path.lexists(path):
            raise StorageError(f"{path} is there already; choose another name or folder")
        check_writable(path)
    with contextlib.ExitStack() as undo:
        for path, text in zip(paths, texts.values(), strict=True):
            write_text(path, text)
            undo.callback(path.unlink)
        undo.pop_all()
    return paths


def _make_words(kind: str, name: str) -> dict[str, str]:
    """What the templates are filled with."""
    if kind not in (*KINDS, NETWORK):
        raise UnknownNameError("kind of component", kind, (*KINDS, NETWORK))
    if not _NAME.fullmatch(name):
        raise ParameterError(f"name '{name}': give small letters, digits and _, as in mean_flow")
    cls = "".join(part.capitalize() for part in name.split("_"))
    kind = "classifier" if kind == NETWORK else kind
    return {"kind": kind, "name": name, "cls": cls, "dashed": name.replace("_", "-")}


def _format_test(words: Mapping[str, str], target: str) -> str:
    imports = "from mertk.testing import conformance"
    if "Path" in target:
        imports = f"from pathlib import Path\n\n{imports}"
    return _fill_template("test.py", {**words, "imports": imports, "target": target})


def _fill_template(template: str, words: Mapping[str, str]) -> str:
    text = (
        files("mertk.plugins").joinpath("templates", f"{template}.txt").read_text(encoding="utf-8")
    )
    return Template(text).substitute(words)
