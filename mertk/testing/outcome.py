"""The result of a check: passed, failed, or does not apply."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["passed", "failed", "does not apply"]


class BrokenPromise(Exception):  # noqa: N818  what is broken is the component, not the suite
    """A component breaks the interface contract of its kind; the text says how, in one line."""


class DoesNotRunError(BrokenPromise):
    """A component that does not run at all, so that nothing more can be checked."""


class DoesNotApply(Exception):  # noqa: N818  no error
    """The check does not apply to this component; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One check of one component; `text` says how it failed or why it does not apply."""

    kind: str
    name: str
    check: str
    verdict: Verdict
    text: str = ""
    seconds: float = 0.0
