"""Every shipped component keeps the promises of its kind, but for those that are named here.

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
KNOWN = {"fusion-wpca": {"fits_one_clip"}}  # it refuses clips that do not differ
QUICK = {"aligner", "roi", "protocol"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if one.kind in QUICK else pytest.mark.slow)
        for name, one in SUBJECTS.items()
    ],
)
def test_a_shipped_component_keeps_its_promises(name):
    failed = {
        one.check: one.text for one in check_component(SUBJECTS[name]) if one.verdict == "failed"
    }
    assert set(failed) == KNOWN.get(name, set()), failed
