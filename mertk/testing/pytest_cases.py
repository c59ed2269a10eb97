"""The checks as pytest cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mertk.testing.component import ComponentUnderTest, Data, find_components
from mertk.testing.suite import CHECKS, check_component, run_check

if TYPE_CHECKING:
    from pathlib import Path

    from mertk.testing.component import Check


def conformance(what: str | Path, *, data: Data | None = None) -> Callable[..., None]:
    """A pytest test with one case per check of the components in a plug-in file or of a name.

    In a test file: `test_conformance = conformance("my_plugin.py")`. A check that does not apply
    is skipped with its reason; `counted` fails where all are. `data` is the folder of a data set
    that needs files, or a function that writes a small one into the empty folder it is given.
    Raises `PluginError` for a file that cannot be loaded or registers nothing, `UnknownNameError`
    for an unknown name, and `ParameterError` for data where there is no data set.
    """
    import pytest

    cases: list[Any] = []
    for subject in find_components(what, data=data):
        name = f"{subject.kind}-{subject.entry.name}"
        for check in CHECKS[subject.kind]:
            cases.append(pytest.param(subject, check, id=f"{name}-{check.__name__}"))
        cases.append(pytest.param(subject, None, id=f"{name}-counted"))

    @pytest.mark.parametrize(("subject", "check"), cases)
    def test_conformance(subject: ComponentUnderTest, check: Check | None) -> None:
        result = run_check(subject, check) if check else check_component(subject)[-1]
        if result.verdict == "does not apply":
            pytest.skip(result.text)
        if result.verdict == "failed":
            pytest.fail(result.text, pytrace=False)

    return test_conformance
