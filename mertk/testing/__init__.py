"""The conformance suite: what a component of each kind promises, as checks that can fail.

`mertk check` runs it from the command line, `conformance` as pytest cases, `check` from Python.
"""

from mertk.testing.cases import conformance
from mertk.testing.subject import Subject, find, subjects
from mertk.testing.suite import CHECKS, check, run
from mertk.testing.verdicts import BrokenPromise, Check, DoesNotApply, DoesNotRunError, Result

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
