"""Every shipped component keeps the promises of its kind, but for those that are named here.

Networks take minutes: `mertk check --all` has them.
"""

import pytest

import mertk
from mertk.testing import check, subjects

REGISTRY = mertk.load_plugins().registry


def trains_networks(entry):
    if entry.kind != "model":
        return "torch" in entry.needs
    places = entry.target.places().items()
    return any("torch" in REGISTRY.get(p.partition(".")[0], use.name).needs for p, use in places)


SUBJECTS = {
    f"{one.kind}-{one.entry.name}": one
    for one in subjects(mertk.load_plugins())
    if one.entry.origin.startswith("mertk ") and not trains_networks(one.entry)
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
    failed = {one.check: one.text for one in check(SUBJECTS[name]) if one.verdict == "failed"}
    assert set(failed) == KNOWN.get(name, set()), failed
