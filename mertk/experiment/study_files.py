"""Studies as files: TOML whose keys are the fields of `Study`.

The values are those of the command line, as text, or those of Python. `studies` beside this module
has the shipped ones, which are found by name.
"""

import difflib
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, fields, replace
from pathlib import Path
from typing import Any

from mertk import __version__
from mertk.core.errors import ParameterError, UnknownNameError
from mertk.core.options import Option, default_of, options_of
from mertk.core.reading import read_utf8, real_path
from mertk.core.recipe import Json, Recipe, Use, parse_value
from mertk.experiment.changes import Swap, parse_setting, parse_swap
from mertk.experiment.open_study import OpenStudy
from mertk.experiment.study import Study, as_use, parse_numbers
from mertk.storage.atomic_files import check_file, write_file

SHIPPED = Path(__file__).with_name("studies")
STUDY = "study.toml"  # the study of the runs in a folder, beside them

_TEXTS = 'a text or a list of texts, such as ["a", "b"]'
_USE = "a text such as 'name:key=value', or a table with a name"


def list_studies() -> dict[str, str]:
    """The shipped studies: by name, the first line of the file."""
    found = {}
    for file in sorted(SHIPPED.glob("*.toml")):
        found[file.stem] = read_utf8(file).partition("\n")[0].removeprefix("#").strip()
    return found


def find_study(given: str | Path) -> Path:
    """The file of a study, which is named by its path, or for a shipped one by its name.

    Raises `UnknownNameError` where there is neither.
    """
    file = Path(given)
    if file.is_file():
        return file
    name = str(given).removesuffix(".toml")
    known = list_studies()
    if name in known:
        return SHIPPED / f"{name}.toml"
    if file.name != str(given):
        raise ParameterError(f"there is no file {file}; the shipped studies are {', '.join(known)}")
    raise UnknownNameError("study", name, known)


def read_study(given: str | Path) -> Study:
    """Read a study; relative paths in it begin at the folder of the file.

    Args:
        given: the file, or the name of a shipped study.

    Raises:
        ParameterError: in one line, for a key that a study lacks, and a value of the wrong type.
    """
    file = find_study(given)
    try:
        data = tomllib.loads(read_utf8(file))
    except (ValueError, RecursionError) as error:
        raise ParameterError(f"{file}: not valid TOML: {error}") from error
    known, found = options_of(Study), {}
    for key, value in data.items():
        if key not in known:
            raise ParameterError(f"{file}: {_describe_unknown(key, known)}")
        try:
            found[key] = _Reader(file.parent, key, *known[key]).read(value)
        except ParameterError as error:
            raise ParameterError(f"{file}: {error}") from error
    if not found.get("models"):
        raise ParameterError(f"{file}: names no model; write models = ['lbptop']")
    return Study(**found)


def _describe_unknown(key: str, known: Mapping[str, object]) -> str:
    from mertk.experiment.execution import Execution

    if key in options_of(Execution):
        return (
            f"'{key}' says how a study is run, and is an option of the command: "
            f"`mertk bench --help`"
        )
    near = difflib.get_close_matches(key, known, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return f"a study has no key '{key}'.{hint} Known: {', '.join(known)}."


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the value of one key of a file in `folder`."""

    folder: Path
    key: str
    field: Field[Any]
    about: Option

    def read(self, value: Any) -> Any:
        """What the field holds; raises `ParameterError` for another type."""
        own: Callable[[Any], Any] | None = getattr(self, f"_read_{self.key}", None)
        if own:
            return own(value)
        default = default_of(self.field)
        if self.about.parse is parse_numbers:
            right = isinstance(value, list) and value and all(type(one) is int for one in value)
            self._expect(right, value, "a list of whole numbers, such as [0, 1, 2]")
            return parse_numbers(",".join(map(str, value)))
        if self.about.several:
            return self._list(value)
        if isinstance(default, bool):
            return self._expect(type(value) is bool, value, "true or false")
        if isinstance(default, int):
            least = self.about.least or 0
            right = type(value) is int and value >= least
            return self._expect(right, value, f"a whole number from {least}")
        words = self.about.choices
        what = " or ".join(map(repr, words)) or "a text"
        right = isinstance(value, str) and (not words or value in words)
        return self._expect(right, value, what)

    def _expect(self, right: object, value: Any, what: str) -> Any:
        if not right:
            raise ParameterError(f"'{self.key}' must be {what}; given: {value!r}")
        return value

    def _list(self, value: Any) -> list[str]:
        given = [value] if isinstance(value, str) else value
        right = isinstance(given, list) and all(isinstance(one, str) for one in given)
        self._expect(right, value, _TEXTS)
        return list(given)

    def _read_models(self, value: Any) -> list[str | Recipe]:
        given = value if isinstance(value, list) else [value]
        found: list[str | Recipe] = []
        for one in given:
            self._expect(
                isinstance(one, str | dict), one, "texts such as 'lbptop:meb', or recipes as tables"
            )
            if isinstance(one, dict) or one.startswith("{"):
                found.append(Recipe.from_json(one if isinstance(one, dict) else parse_value(one)))
            else:
                found.append(self._find_path(one))
        return found

    def _find_path(self, text: str) -> str:
        """A recipe or run folder beside the study; other texts as they are."""
        path = self.folder / text
        is_path = path.is_file() or (path / "run.json").is_file()
        return str(path) if is_path and ":" not in Path(text).name else text

    def _read_use(self, value: Any) -> Use:
        return as_use(self._expect(isinstance(value, str | dict), value, _USE))

    def _read_dataset(self, value: Any) -> list[Use]:
        return list(map(self._read_use, value if isinstance(value, list) else [value]))

    _read_protocol = _read_use

    def _read_data(self, value: Any) -> dict[str, str]:
        given = {"": value} if isinstance(value, str) else value
        right = isinstance(given, dict) and all(isinstance(one, str) for one in given.values())
        self._expect(right, value, "a folder, or a table of folders by data set")
        found = {}
        for name, folder in given.items():
            found[name] = str(self.folder / Path(folder).expanduser())
        return found

    def _read_exclude(self, value: Any) -> Any:
        found = []
        for one in self._list(value):
            near = self.folder / one
            found.append(self._parse(str(near) if near.is_file() else one))
        return self.about.join(found) if self.about.join else found

    def _parse(self, text: str) -> Any:
        return self.about.parse(text) if self.about.parse else text

    def _read_sets(self, value: Any) -> list[Any]:
        return list(map(parse_setting, self._list(value)))

    def _read_swaps(self, value: Any) -> list[Swap]:
        given = [value] if isinstance(value, str) else value
        found: list[Swap] = []
        for one in given if isinstance(given, list) else [given]:
            if isinstance(one, list) and one and isinstance(one[0], str):
                found.append((one[0], list(map(self._read_use, one[1:]))))
            else:
                self._expect(isinstance(one, str), value, "texts such as 'classifier=svm:C=1'")
                found.append(parse_swap(one))
        return found

    def _read_sweeps(self, value: Any) -> list[str | Sequence[str]]:
        given = [value] if isinstance(value, str) else value
        self._expect(isinstance(given, list), value, f"{_TEXTS}, or of such lists")
        found: list[str | Sequence[str]] = []
        for one in given:
            found.append(one if isinstance(one, str) else self._list(one))
        return found


def format_study(study: Study) -> str:
    """The text of a study file, from which `read_study` makes an equal study."""
    lines = [f"# Written by mertk {__version__}. `mertk bench {STUDY}` runs it again."]
    tables = []
    for one in fields(Study):
        value = getattr(study, one.name)
        if value is None or value == default_of(one):
            continue
        plain = _PLAIN.get(one.name, lambda same: same)(value)
        if one.name == "data" and isinstance(plain, Mapping):
            tables = ["", "[data]", *(f"{_toml(k)} = {_toml(v)}" for k, v in plain.items())]
        else:
            lines.append(f"{one.name} = {_toml(plain)}")
    return "\n".join([*lines, *tables, ""])


def _plain_models(models: Sequence[str | Recipe]) -> list[Json]:
    found: list[Json] = []
    for one in [models] if isinstance(models, str) else models:
        if isinstance(one, str):
            is_path = one.endswith((".toml", ".json")) or (Path(one) / "run.json").is_file()
            found.append(str(real_path(one)) if is_path else one)
        else:
            data = one.to_json()
            found.append(json.dumps(data) if _has_null(data) else data)
    return found


def _plain_use(use: str | Use) -> Json:
    use = as_use(use)
    return str(use) if Use.parse(str(use)) == use else use.to_json()


def _plain_uses(given: str | Use | Sequence[str | Use]) -> list[Json]:
    return list(map(_plain_use, [given] if isinstance(given, str | Use) else given))


def _plain_swaps(swaps: Sequence[Swap]) -> list[Json]:
    found: list[Json] = []
    for slot, uses in swaps:
        text = f"{slot}={'+'.join(map(str, uses))}"
        same = parse_swap(text) == (slot, list(uses))
        found.append(text if same else [slot, *(use.to_json() for use in uses)])
    return found


def _plain_sets(sets: Sequence[tuple[str, Json]]) -> list[str]:
    return [f"{path}={json.dumps(value, ensure_ascii=False)}" for path, value in sets]


def _plain_folders(data: Path | str | Mapping[str, Path | str]) -> Json:
    given = data if isinstance(data, Mapping) else {"": data}
    return {name: str(real_path(folder)) for name, folder in given.items()}


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "models": _plain_models,
    "dataset": _plain_uses,
    "protocol": _plain_use,
    "data": _plain_folders,
    "swaps": _plain_swaps,
    "sets": _plain_sets,
}


def _has_null(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_null, value.values()))
    return value is None or (isinstance(value, list) and any(map(_has_null, value)))


def _toml(value: Any) -> str:
    """A value as TOML on one line; raises `ParameterError` for what TOML has no form for."""
    if isinstance(value, Mapping):
        pairs = [f"{json.dumps(str(name))} = {_toml(one)}" for name, one in value.items()]
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple | range):
        return f"[{', '.join(map(_toml, value))}]"
    if value is None:
        raise ParameterError("a study file has no form for null; give the parameter in a recipe")
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("\x7f", "\\u007f")


def check_study_file(folder: Path) -> None:
    """Raise where `write_study` would, before any work."""
    check_file(folder / STUDY)


def write_study(opened: OpenStudy, folder: Path) -> Path:
    """Write a study into the folder of its runs, with the data sets and folders that it had."""
    whole = replace(
        opened.study,
        dataset=opened.datasets,
        data=opened.absolute_folders or None,
        protocol=opened.protocol,
    )
    file = folder / STUDY
    write_file(file, format_study(whole))
    return file
