"""The errors that mertk raises, one class for each kind of mistake.

The command line prints the text of a `MertkError` alone, without a traceback, and exits with 2.
A text says what was given, what is known, and what to do next.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable, Iterator


class MertkError(Exception):
    """The base of all errors that mertk raises on purpose."""


_MOST_LISTED = 12  # more names than these are not listed beside the nearest one


class UnknownNameError(MertkError):
    """A name that is not registered."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        self._given = (what, name, sorted(known))
        close = difflib.get_close_matches(name, self._given[2], n=1)
        hint = f"Did you mean '{close[0]}'? " if close else ""
        few = not close or len(self._given[2]) <= _MOST_LISTED
        listed = f"Known: {', '.join(self._given[2]) or 'none'}." if few else ""
        super().__init__(f"no {what} is called '{name}'. {hint}{listed}".rstrip())

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[str, str, list[str]]]:
        return UnknownNameError, self._given  # errors travel between worker processes


class ParameterError(MertkError):
    """A parameter that a component does not take, or a value that it refuses."""


class PluginError(MertkError):
    """A plug-in that cannot be loaded, or that claims a name already taken."""


class ComponentError(MertkError):
    """A component that broke the interface contract while it ran."""


class MissingPackageError(MertkError):
    """An optional package that a component needs and this environment lacks."""


class DataError(MertkError):
    """A data set, a clip or a file that cannot be used as it is."""


class ProtocolError(MertkError):
    """Clips that do not fit the protocol: no folds, a missing class, a wrong clip list."""


class StorageError(MertkError):
    """A cache or ledger that cannot be read or written."""


class WorkerError(MertkError):
    """Workers that are lost, or that cannot do the work of this run."""


@contextlib.contextmanager
def name_component(what: str) -> Iterator[None]:
    """Whatever goes wrong in a component becomes a `ComponentError` that names it.

    That holds for `sys.exit()` as well: a component may not end the program, and least of all with
    exit code 0. An interrupt stays one, and an error of mertk keeps its text.

    Args:
        what: the component, and what it was doing: the beginning of the message.

    Raises:
        ComponentError: for all that the component raised.
    """
    try:
        yield
    except (MertkError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise ComponentError(f"{what} failed: {describe_error(error)}") from error


def describe_error(error: BaseException) -> str:
    """The kind of an error and its text, on one line.

    Args:
        error: what was raised; a `SystemExit` is described as a call of `sys.exit`.
    """
    if isinstance(error, SystemExit):
        return f"it called sys.exit({'' if error.code is None else repr(error.code)})"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
