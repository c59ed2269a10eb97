"""Trained models on the Hugging Face hub: `hf:ORGANISATION/NAME`, through `huggingface_hub`.

Only the files of a model folder are sent and read. What a repository holds is listed first: one
with any other file, such as a pickle, is refused before a file of it is fetched. What is fetched is
read as every model folder is (`mertk.experiment.trained_model_files`): no code in it is run.
"""

import contextlib
import re
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from mertk.core.errors import ParameterError, StorageError
from mertk.experiment import trained_model_files
from mertk.experiment.trained_model import KIND, TrainedModel
from mertk.plugins.loader import Plugins
from mertk.storage.atomic_files import MARK, check_folder, write_bytes, write_folder

PREFIX = "hf:"

_FILES = {**trained_model_files.LIMITS, "README.md": 2**20}
"""The files of a model that are sent and fetched, with their largest sizes in bytes."""

_BESIDE = {".gitattributes"}  # the hub writes it; it is not fetched
_NAME = re.compile(r"[\w-][\w.-]{0,95}/[\w-][\w.-]{0,95}", re.ASCII)
_HEAD = """---
library_name: mertk
tags:
- mertk
- micro-expression-recognition
---

"""


def parse_name(text: str) -> tuple[str, str | None]:
    """The repository and the revision in `hf:ORGANISATION/NAME[@REVISION]`."""
    repository, _, revision = text.removeprefix(PREFIX).partition("@")
    if not _NAME.fullmatch(repository) or ".." in repository:
        raise ParameterError(
            f"'{text}' names no model of the hub; write {PREFIX}ORGANISATION/NAME, and "
            "@REVISION behind it for a certain commit"
        )
    return repository, revision or None


def push_model(
    folder: Path, name: str, plugins: Plugins, *, private: bool = True, trust: tuple[str, ...] = ()
) -> str:
    """Send a model folder to the hub in one commit, and give the address of the commit.

    The folder is loaded first, so that only what `mertk predict` would read is sent.

    Args:
        folder: what `mertk train` wrote.
        name: `hf:ORGANISATION/NAME`; the repository is made where there is none.
        plugins: what `load_plugins` gave.
        private: whether a new repository is seen by its owner alone.
        trust: as `TrainedModel.load` takes it.
    """
    repository, revision = parse_name(name)
    if not folder.is_dir():
        raise StorageError(f"there is no folder {folder}; `mertk train --out` writes one")
    _check_names(str(folder), [file.name for file in folder.iterdir() if file.name != MARK])
    TrainedModel.load(folder, plugins, trust)
    with _name_errors(repository):
        hub = _import_hub()
        api = hub.HfApi()
        operations = []
        for file in sorted(_FILES):
            data = (folder / file).read_bytes()
            if file == "README.md" and not data.startswith(b"---\n"):
                data = _HEAD.encode() + data
            operations.append(hub.CommitOperationAdd(path_in_repo=file, path_or_fileobj=data))
        api.create_repo(repository, private=private, exist_ok=True)
        found = api.create_commit(
            repository, operations, commit_message="Model of mertk", revision=revision
        )
    return str(found.commit_url)


def pull_model(name: str, out: Path) -> str:
    """Fetch a model from the hub into a folder, whole or not at all, and give its commit.

    Raises `StorageError` where the repository holds another file than those of a model, where one
    is too large or is not as `mertk train` writes it, and where the hub cannot be reached.
    """
    check_folder(out, KIND)
    repository, revision = parse_name(name)
    commit, fetch = _open_repository(repository, revision)
    write_folder(out, partial(_fill_folder, repository, fetch), KIND)
    return commit


@contextlib.contextmanager
def open_model_folder(model: Path | str) -> Iterator[Path]:
    """A model's folder: the folder itself, or where its name begins with `hf:`, a fetched copy."""
    text = Path(model).as_posix()
    if not text.startswith(PREFIX):
        yield Path(model)
        return
    with tempfile.TemporaryDirectory(prefix="mertk-") as folder:
        pull_model(text, Path(folder) / "model")
        yield Path(folder) / "model"


def _open_repository(repository: str, revision: str | None) -> tuple[str, Callable[[str], bytes]]:
    """The commit of a repository whose files are those of a model, and what fetches one of them."""
    with _name_errors(repository):
        api = _import_hub().HfApi()
        about = api.model_info(repository, revision=revision, files_metadata=True)
    files = {one.rfilename: one.size for one in about.siblings or ()}
    _check_names(repository, [file for file in files if file not in _BESIDE])
    for file, largest in _FILES.items():
        if (files[file] or 0) > largest:
            raise StorageError(
                f"{repository}: {file} has {files[file]:,} bytes, more than any model"
            )

    def fetch(file: str) -> bytes:
        with _name_errors(repository):
            path = Path(api.hf_hub_download(repository, file, revision=about.sha))
        with path.open("rb") as opened:
            data = opened.read(_FILES[file] + 1)
        if len(data) > _FILES[file]:
            raise StorageError(f"{repository}: {file} is larger than any model")
        return data

    return str(about.sha), fetch


def _fill_folder(repository: str, fetch: Callable[[str], bytes], folder: Path) -> None:
    for file in _FILES:
        write_bytes(folder / file, fetch(file))
    try:
        trained_model_files.read_about(folder)
        trained_model_files.read_arrays(folder)
    except StorageError as error:
        raise StorageError(str(error).replace(str(folder), f"{PREFIX}{repository}")) from error


def _check_names(where: str, names: list[str]) -> None:
    """Raise `StorageError` unless these are the files of a model."""
    others = sorted(set(names).difference(_FILES))
    if others:
        raise StorageError(
            f"{where} holds {others[0][:200]!r}, which is no file of a model of mertk "
            f"({', '.join(_FILES)}); nothing was read"
        )
    missing = sorted(set(_FILES).difference(names))
    if missing:
        raise StorageError(f"{where} holds no model of mertk: {missing[0]} is missing")


def _import_hub() -> Any:
    try:
        import huggingface_hub
        import huggingface_hub.errors
    except ImportError as error:
        raise StorageError(
            "the package 'huggingface_hub' is not installed: pip install 'mertk[hub]'"
        ) from error
    return huggingface_hub


@contextlib.contextmanager
def _name_errors(repository: str) -> Iterator[None]:
    """Errors of the hub, and of the way to it, in one line."""
    hub = _import_hub()
    try:
        yield
    except (OSError, ValueError, RuntimeError, hub.errors.HTTPError) as error:
        reason = " ".join(str(error).split())[:300]
        raise StorageError(
            f"the hub did not answer as expected for {repository}: {reason}"
        ) from error
