"""Which parameters of a recipe are chosen inside each fold, and how."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mertk.core.errors import ParameterError

if TYPE_CHECKING:
    from mertk.core.recipe import Json

RANGE = ("high", "log", "low")
"""What a range of numbers holds, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Parameters that are chosen on whole people who are left out inside the training part.

    Args:
        space: by path (`classifier.C`) the values to choose from, or a range of numbers,
            `{"low": 0.1, "high": 10, "log": True}`.
        folds: the number of inner folds of whole people, 2 or more; with fewer people one a person.
        trials: the number of combinations that are tried, picked by optuna; 0 tries all.
    """

    space: Mapping[str, Sequence[Json] | Mapping[str, Json]]
    folds: int = 5
    trials: int = 0

    def __post_init__(self) -> None:
        if not self.space:
            raise ParameterError("there is no parameter to choose; give PATH=VALUE,VALUE")
        if self.folds < 2 or self.trials < 0:
            raise ParameterError(
                f"inner folds {self.folds}, trials {self.trials}: give 2 or more inner folds, and "
                "a number of trials, or 0 for all combinations"
            )
        for path, values in self.space.items():
            _check_values(path, values, self.trials)

    @property
    def count(self) -> int:
        """The number of combinations that are tried."""
        return self.trials or math.prod(map(len, self.space.values()))

    def list_combinations(self) -> list[dict[str, Json]]:
        """Every combination of listed values, the first path's values in the outermost loop."""
        names = list(self.space)
        combined = itertools.product(*map(list, self.space.values()))
        return [dict(zip(names, values, strict=True)) for values in combined]

    def choose_first(self) -> dict[str, Json]:
        """The first value of each list, the lower end of each range."""
        first: dict[str, Any] = {}
        for path, values in self.space.items():
            first[path] = values["low"] if isinstance(values, Mapping) else values[0]
        return first

    def to_json(self) -> dict[str, Json]:
        """Plain data, from which `from_json` makes an equal tuning."""
        space: dict[str, Json] = {}
        for path, values in self.space.items():
            space[path] = dict(values) if isinstance(values, Mapping) else list(values)
        return {"space": space, "folds": self.folds, "trials": self.trials}

    @classmethod
    def from_json(cls, data: Any) -> Tuning:
        """Read what `to_json` or a recipe file gives; raises `ParameterError` on anything else."""
        known = isinstance(data, dict) and set(data) <= {"space", "folds", "trials"}
        if not known or not isinstance(data.get("space"), dict):
            raise ParameterError(
                f"tuning is {{space: {{path: values}}, folds, trials}}; given: {data!r}"
            )
        numbers = (data.get("folds", 5), data.get("trials", 0))
        if not all(isinstance(one, int) for one in numbers):
            raise ParameterError(f"tuning: folds and trials are whole numbers; given: {data!r}")
        return cls(space=data["space"], folds=numbers[0], trials=numbers[1])


def _check_values(path: str, values: Any, trials: int) -> None:
    if isinstance(values, Mapping):
        low, high = values.get("low"), values.get("high")
        sound = (
            tuple(sorted(values)) == RANGE
            and isinstance(low, int | float)
            and isinstance(high, int | float)
            and low < high
            and (low > 0 or not values["log"])
        )
        if not sound:
            raise ParameterError(
                f"{path}: a range is LOW..HIGH with LOW below HIGH, and above 0 for :log"
            )
        if not trials:
            raise ParameterError(
                f"{path}: a range has no end of values; give a number of trials, or a list"
            )
    elif isinstance(values, str) or not isinstance(values, Sequence) or not len(values):
        raise ParameterError(f"{path}: give a list of values to choose from")
