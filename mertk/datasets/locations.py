"""Where data sets lie on this machine, remembered in the user's configuration file.

The file is `config.toml` in the user's configuration folder, or what `MERTK_CONFIG` names:

    [data]
    casme2 = "/data/CASME2"
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import platformdirs

from mertk.core.errors import DataError, StorageError
from mertk.core.reading import read_utf8, real_path
from mertk.storage.atomic_files import check_writable, write_text


def config_file() -> Path:
    """The configuration file, whether it exists or not."""
    given = os.environ.get("MERTK_CONFIG")
    return Path(given) if given else Path(platformdirs.user_config_dir("mertk"), "config.toml")


def load_known_folders() -> dict[str, Path]:
    """Data set name → folder, as remembered; raises `StorageError` for a damaged file."""
    file = config_file()
    try:
        if not file.exists():
            return {}
    except OSError as error:
        raise StorageError(
            f"{file}: {error.strerror}; set MERTK_CONFIG to a file that can be written"
        ) from error
    try:
        found = tomllib.loads(read_utf8(file)).get("data", {})
    except DataError as error:
        raise StorageError(f"{error}; MERTK_CONFIG names another file") from error
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{file}: not valid TOML: {error}; mend or remove it") from error
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise StorageError(f"{file}: [data] must hold lines such as casme2 = '/data/CASME2'")
    return {name: Path(path) for name, path in found.items()}


def remember_folder(name: str, folder: Path) -> Path:
    """Write down where a data set lies; what else stands in the file, comments too, is kept.

    Gives the file. Raises `DataError` where the folder does not exist, `StorageError` where the
    file cannot be written.
    """
    import tomlkit

    folder = real_path(folder)
    if not folder.exists():
        raise DataError(f"{name}: there is no folder {folder}")
    load_known_folders()  # a damaged file is refused before it is written over
    file = config_file()
    check_writable(file.parent, "set MERTK_CONFIG to a file that can be written")
    document = tomlkit.parse(read_utf8(file) if file.exists() else "")
    table = document.setdefault("data", tomlkit.table())
    table[name] = str(folder)
    write_text(file.resolve(), tomlkit.dumps(document))
    return file
