"""`prepare.json`: what a prepared folder was made by, so that nothing is mixed in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mertk.core.errors import DataError
from mertk.core.reading import real_path
from mertk.core.recipe import Json
from mertk.storage import identity
from mertk.storage.atomic_files import json_text, write_file

NAME = "prepare.json"


@dataclass(frozen=True, slots=True)
class Note:
    """The file of one folder; `recipe` is what its clips depend on, `about` merely true."""

    file: Path
    recipe: Mapping[str, Json]
    about: Mapping[str, Json]

    @classmethod
    def of(cls, out: Path, recipe: Mapping[str, Json], folders: Mapping[str, Path]) -> Note:
        """The note of a folder, nothing of it written yet."""
        about = identity.collect_provenance("cpu")
        about["folders"] = {name: str(real_path(path)) for name, path in folders.items()}
        return cls(out / NAME, json.loads(json.dumps(recipe)), about)

    def begin(self) -> None:
        """Begin the folder, or go on in it."""
        self._write_note({})

    def close(self, clips: int, failed: Mapping[str, Exception]) -> None:
        """Write down what came of it: how many clips are there, and why others are not."""
        self._write_note(
            {
                "clips": clips,
                "failed": {uid: str(failed[uid]) for uid in sorted(failed)},
            }
        )

    def _write_note(self, result: Mapping[str, Any]) -> None:
        text = json_text({"recipe": self.recipe, "about": self.about, **result})
        write_file(self.file, text)

    def refuse_another(self) -> None:
        """Raise `DataError` where the folder is neither new nor made by the same recipe."""
        out = self.file.parent
        if not out.is_dir() or not any(out.iterdir()):
            return
        if not self.file.is_file():
            raise DataError(
                f"{out} is not empty and holds no {NAME}; give a folder that is new or empty"
            )
        other = dict(_list_leaves(_recipe_in(self.file)))
        mine = dict(_list_leaves(self.recipe))
        changed = [
            f"{name} {_format_value(other.get(name))}, now {_format_value(mine.get(name))}"
            for name in {**other, **mine}
            if other.get(name) != mine.get(name)
        ]
        if changed:
            raise DataError(
                f"{out} was prepared otherwise ({'; '.join(changed)}); give another folder, or "
                "delete this one"
            )


def _recipe_in(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))["recipe"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file}: damaged ({error}); delete the folder, or give another") from error


def _list_leaves(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """All values that are not dictionaries, by their path."""
    if not isinstance(data, dict):
        yield path, data
        return
    for key, value in data.items():
        yield from _list_leaves(value, f"{path}.{key}" if path else key)


def _format_value(value: Any) -> str:
    return "none" if value is None else json.dumps(value)
