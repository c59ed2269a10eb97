"""What a probe found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Outcome = Literal["passed", "leak", "inconclusive"]

CANNOT_SEE = (
    "a component that behaves differently during an audit",
    "leaks that only real clips trigger: a table of their labels, weights trained on them",
    "state that leaks only after more clips or folds than the audit runs",
    "files that a C library or another program writes outside the private folders",
    "parameters that a person chose by the scores of the same folds",
    "one person recorded under two names",
)
"""Leaks that no probe can find."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One probe: `leak` names the place that leaks, empty where none does; `how` says how it shows.

    `tested` is false where the probe could not have found one: then it says nothing.
    `score`, `low` and `high` are the probe's score and its chance band, where it has one; `p` is
    the probability of such a score without a leak.
    """

    probe: str
    leak: str
    how: str
    tested: bool = True
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
    def outcome(self) -> Outcome:
        """`leak` where a probe found one, `inconclusive` where none could have, else `passed`."""
        if any(verdict.leak for verdict in self.verdicts):
            return "leak"
        return "passed" if any(verdict.tested for verdict in self.verdicts) else "inconclusive"

    @property
    def passed(self) -> bool:
        """Whether something was tested, and no probe found a leak."""
        return self.outcome == "passed"

    def to_json(self) -> Mapping[str, Any]:
        """Plain data."""
        return {
            **asdict(self),
            "passed": self.passed,
            "outcome": self.outcome,
            "cannot_see": list(CANNOT_SEE),
        }
