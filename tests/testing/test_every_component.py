"""Every shipped component keeps the promises of its kind.

Networks take minutes: `mertk check --all` has them.
"""

import pytest

import mertk
from mertk.testing import check_component, list_components

SUBJECTS = {
    f"{one.kind}-{one.entry.name}": one
    for one in list_components(mertk.load_plugins())
    if one.entry.origin.startswith("mertk ") and "torch" not in one.needs
}
QUICK = {"aligner", "roi", "protocol"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if one.kind in QUICK else pytest.mark.slow)
        for name, one in SUBJECTS.items()
    ],
)
def test_a_shipped_component_keeps_its_promises(name):
    assert not [one for one in check_component(SUBJECTS[name]) if one.verdict == "failed"]
