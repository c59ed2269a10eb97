"""What a probe found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """One probe: `leak` names the place that leaks, empty where none does; `how` says how it shows.

    `score`, `low` and `high` are the probe's score and its chance band, where it has one; `p` is
    the probability of such a score without a leak.
    """

    probe: str
    leak: str
    how: str
    score: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Audit:
    """All probes of one model."""

    model: str
    protocol: str
    clips: int
    people: int
    folds: int
    verdicts: tuple[Verdict, ...]

    @property
    def passed(self) -> bool:
        """Whether no probe found a leak."""
        return not any(verdict.leak for verdict in self.verdicts)

    def to_json(self) -> Mapping[str, Any]:
        """Plain data."""
        return {**asdict(self), "passed": self.passed}
