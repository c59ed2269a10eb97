"""The results that the repository holds agree with themselves, and show real models beside floors."""

from pathlib import Path

import mertk
from mertk.evaluation.bundle_checks import check_bundle
from mertk.evaluation.bundle_files import find_bundles, read_bundle

RESULTS = Path(__file__).parents[1] / "results"


def test_the_results_of_the_repository_agree():
    plugins = mertk.load_plugins()
    names = set()
    for folder in find_bundles(RESULTS):
        assert check_bundle(folder, plugins) == []
        about = read_bundle(folder).about
        assert about["provenance"]["synthetic"]
        names.add(about["name"])
    assert {"majority", "prior", "flow_ridge", "lbptop"} <= names
