"""Networks of several folds that are trained by shared batches learn nothing of held-out clips."""

from pathlib import Path

import pytest

import mertk
from mertk.audit import audit, case_of

HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.parametrize(("name", "leak"), [("shared", ""), ("leaking", "fusion.0")])
def test_a_held_out_clip_of_weight_0_leaves_no_trace_and_one_of_a_thousandth_is_found(
    name, leak, tmp_path, monkeypatch
):
    # What torch sets in a process that has trained: its folder is no trace of a component.
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "inductor"))
    model = mertk.Recipe(
        aligner=mertk.Use("toy_plain"),
        roi=mertk.Use("toy_halves"),
        extractor=mertk.Use("region_patches", patches=1, patch_size=[8, 8], frames=2),
        fusion=(mertk.Use(name, epochs=2, batch=8, init="he"),),
        classifier=mertk.Use("toy_nearest"),
    )
    plugins = mertk.load_plugins((HERE.parent / "toys.py", HERE / "shared_batches.py"))
    found = audit(case_of(plugins, model, dataset="toy"), probes=["perturbation"], folds=1, jobs=2)
    assert found.verdicts[0].leak == leak, found
    assert found.passed == (not leak)
