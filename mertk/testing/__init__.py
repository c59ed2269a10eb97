"""The conformance suite: checks of the interface contract of each kind of component.

`mertk check` runs it from the command line, `conformance` as pytest cases, `check_component` from
Python.
"""

from mertk.testing.component import Check, ComponentUnderTest, find_components, list_components
from mertk.testing.outcome import BrokenPromise, DoesNotApply, DoesNotRunError, Result
from mertk.testing.pytest_cases import conformance
from mertk.testing.suite import CHECKS, check_component, run_check

__all__ = [
    "CHECKS",
    "BrokenPromise",
    "Check",
    "ComponentUnderTest",
    "DoesNotApply",
    "DoesNotRunError",
    "Result",
    "check_component",
    "conformance",
    "find_components",
    "list_components",
    "run_check",
]
