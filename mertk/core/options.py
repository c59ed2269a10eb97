"""Fields of records as options: described once, for the command line, Python and the docs."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, TypeVar, get_type_hints

from mertk.core.errors import ParameterError

_KEY = "option"
WHAT, DATA, HOW, OUTPUT = "What is evaluated", "Data", "How it is run", "Output"
"""The headings of options in the help of a command."""

R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """How a field is given.

    Args:
        help: what it does, in one sentence.
        names: its names on the command line; default: `--` and the field's name.
        metavar: what stands for its value in the help; default: by its type.
        parse: one text of the command line → what the field holds (or one item of it).
        join: all parsed texts → what the field holds; default: a list where `several`.
        several: whether it may be repeated on the command line.
        choices: the words that it takes.
        least: the least number that it takes.
        hidden: only Python has it.
        off: the switch that makes a true field false: its name, and what it does.
        group: the heading under which the help of a command lists it.
        complete: the kind of component whose names a shell completes; `slot` for `SLOT=NAME`.
    """

    help: str
    names: tuple[str, ...] = ()
    metavar: str = ""
    parse: Callable[[str], Any] | None = None
    join: Callable[[Sequence[Any]], Any] | None = None
    several: bool = False
    choices: tuple[str, ...] = ()
    least: int | None = None
    hidden: bool = False
    off: tuple[str, str] | None = None
    group: str = ""
    complete: str = ""


def option(default: Any = MISSING, /, *, factory: Any = MISSING, **about: Any) -> Any:
    """A dataclass field that is an option; `about` are the parts of an `Option`."""
    metadata = {_KEY: Option(**about)}
    if factory is not MISSING:
        return field(default_factory=factory, metadata=metadata)
    return field(default=default, metadata=metadata)


def options_of(record: type[Any]) -> dict[str, tuple[Field[Any], Option]]:
    """The fields of a record that are options, by name, in their order."""
    return {one.name: (one, one.metadata[_KEY]) for one in fields(record) if _KEY in one.metadata}


def default_of(one: Field[Any]) -> Any:
    """The default value of a field."""
    return one.default_factory() if one.default_factory is not MISSING else one.default


def split_options(given: Mapping[str, Any], *records: type[Any]) -> list[dict[str, Any]]:
    """Options by the record that has them; raises `ParameterError` for one that none has."""
    parts: list[dict[str, Any]] = [{} for _ in records]
    for name, value in given.items():
        for part, record in zip(parts, records, strict=True):
            if name in options_of(record):
                part[name] = value
                break
        else:
            known = sorted(one for record in records for one in options_of(record))
            raise ParameterError(f"there is no option '{name}'. Known: {', '.join(known)}.")
    return parts


def takes_options(*records: type[Any]) -> Callable[[F], F]:
    """Give a function with `**options` the signature and the documentation of records' fields."""

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        added, lines = [], []
        for record in records:
            hints = get_type_hints(record)
            for name, (one, about) in options_of(record).items():
                if name in signature.parameters:
                    continue
                kind, default = inspect.Parameter.KEYWORD_ONLY, default_of(one)
                added.append(inspect.Parameter(name, kind, default=default, annotation=hints[name]))
                lines.append(f"        {name}: {about.help}")
        whole = signature.replace(parameters=[*own, *added])
        function.__signature__ = whole  # type: ignore[attr-defined]
        function.__doc__ = re.sub(
            r"^ +\*\*options:.*$", "\n".join(lines), function.__doc__ or "", flags=re.MULTILINE
        )
        return function

    return decorate
