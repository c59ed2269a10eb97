"""The conformance suite: checks of the interface contract of each kind of component.

`mertk check` runs it from the command line, `conformance` as pytest cases, `check` from Python.
"""

from mertk.testing.component import Subject, find, subjects
from mertk.testing.outcome import BrokenPromise, Check, DoesNotApply, DoesNotRunError, Result
from mertk.testing.pytest_cases import conformance
from mertk.testing.suite import CHECKS, check, run

__all__ = [
    "CHECKS",
    "BrokenPromise",
    "Check",
    "DoesNotApply",
    "DoesNotRunError",
    "Result",
    "Subject",
    "check",
    "conformance",
    "find",
    "run",
    "subjects",
]
