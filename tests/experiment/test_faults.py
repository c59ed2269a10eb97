"""What is killed at random moments can be finished, and is what it would have been."""

import numpy as np
import pytest

from benchmarks.faults import Trial, end, entry_damaged, main_killed, suffered, worker_killed


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    trial = Trial(tmp_path_factory.mktemp("whole"))
    end(trial.start(), expected=0)
    return trial


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
@pytest.mark.parametrize("fault", [main_killed, worker_killed, entry_damaged])
def test_a_run_that_met_a_fault_equals_the_undisturbed_one(whole, tmp_path, fault, seed):
    rng = np.random.default_rng(seed)
    assert suffered(fault, Trial(tmp_path), rng, whole.files(), whole.answers()).equal
