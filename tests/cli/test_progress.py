"""Progress in a log file: plain lines."""

from mertk.cli import progress


def test_a_log_file_has_a_line_per_stage_and_half_minute(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with progress.Bar() as bar:
        bar.stage("flow_svm: folds", 10)
        for seconds in (20, 20, 20, 40):  # in between they are no lines
            now[0] += seconds
            bar.step("s3 · UF1 0.412 so far")
        bar.stage("report", 0)
        bar.step()
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "flow_svm: folds (10)",
        "flow_svm: folds 2/10 · 2.67 min left · s3 · UF1 0.412 so far",
        "flow_svm: folds 4/10 · 2.5 min left · s3 · UF1 0.412 so far",
        "report",
    ]
