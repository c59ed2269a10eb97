"""What lost workers leave undone is done again by fresh ones, unless that gets nowhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from mertk.core.errors import WorkerError

T = TypeVar("T")
U = TypeVar("U")

_LOG = logging.getLogger(__name__)
_ATTEMPTS = 3  # without any unit done in between, before a run gives up

KEPT = "Finished work is kept: the same command goes on where it stopped"


class WorkersLost(Exception):  # noqa: N818  no error yet: the work is done again
    """Workers were lost, and with them the units that they were at.

    Args:
        what: what happened, as the beginning of a sentence.
        advice: what the user can do where it happens again and again.
    """

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what, advice)
        self.what, self.advice = what, advice


def finish_units(
    units: Mapping[int, U], do_round: Callable[[Mapping[int, U]], Iterator[tuple[int, T]]]
) -> Iterator[T]:
    """The results of all units, as they end.

    Args:
        units: by their number.
        do_round: gives numbers and results of the units that it is handed, as they end. It may
            raise `WorkersLost`, and is then called again with those that are missing.

    Raises:
        WorkerError: where workers are lost three times, and nothing was finished in between.
    """
    missing = dict(units)
    attempts = 0
    while missing:
        before = len(missing)
        try:
            for at, found in do_round(dict(missing)):
                del missing[at]
                yield found
        except WorkersLost as lost:
            attempts = 1 if len(missing) < before else attempts + 1
            if attempts == _ATTEMPTS:
                raise WorkerError(
                    f"{lost.what} {attempts} times, and nothing was finished in between "
                    f"({len(missing)} units are left); {lost.advice}. {KEPT}"
                ) from lost
            _LOG.warning("%s; its work is done again by a fresh one", lost.what)
