"""`mertk replicate`: from the check of the data to a report and a bundle, and again after a stop."""

from pathlib import Path

from mertk.experiment import bench
from mertk.report.literature import list_leaky_models

TOYS = Path(__file__).parents[1] / "toys.py"
TEXT = """\
models = ["toy_model", "flow_ridge"]  # toys have no face for flow_ridge
dataset = "toy"
seeds = [0]
sweeps = ["extractor.scale=1,2"]
floors = false
"""


def test_an_interrupted_replication_continues_to_one_report_and_one_bundle(
    run, tmp_path, monkeypatch
):
    def stop(*_given, **_more):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(TEXT)
    given = ("--plugin", TOYS, "replicate", "mine.toml", "--no-audit", "--jobs", "1", "--by", "me")
    with monkeypatch.context() as stopped:
        stopped.setattr(bench, "run_study", stop)
        code, _, err = run(*given)
    assert code == 130
    assert "the same command continues" in err
    folder = tmp_path / "replication"
    folds = sorted((folder / "runs").glob("toy_model*/folds/*"))
    assert len(folds) == 2  # the first fold of either variant, from which the time was planned
    written = {file: file.stat().st_mtime_ns for file in folds}

    code, out, err = run(*given)
    assert code == 0, err
    assert "report: replication/replication.html" in out
    assert {file: file.stat().st_mtime_ns for file in folds} == written
    page = (folder / "replication.html").read_text(encoding="utf-8")
    assert "toy_model+extractor.scale=2" in page
    for link in ("runs/report.html", "compare/compare.html"):
        assert f'href="{link}"' in page
        assert (folder / link).is_file()
    assert "flow_ridge" in page.partition("<h2>Not run</h2>")[2]
    assert len(list((folder / "bundle").glob("*/*"))) == 2


def test_papers_that_chose_the_epoch_on_the_test_subject_are_known():
    found = list_leaky_models("megc2019", "L1")
    assert {"htnet", "emr", "slstt"} <= found
    assert not {"sssnet", "rcn", ""} & found
