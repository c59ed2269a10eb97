"""Every cheat is caught by the probe that claims to catch it, and no honest recipe is flagged."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cheats import CAUGHT, DATASETS

import mertk
from mertk.audit import PROBES, Audit, Verdict, audit, case_of, watched_files
from mertk.audit.probes import CANNOT_SEE
from mertk.cli import main
from mertk.storage import audit_record

HERE = Path(__file__).parent
FILES = (HERE.parent / "toys.py", HERE / "cheats.py")
TOY = "toy:subjects=10,clips=4"
MANY = "toy:subjects=16,clips=2"


@pytest.fixture(scope="module")
def plugins():
    return mertk.load_plugins(FILES)


def recipe(kind="", name=""):
    toy = mertk.Recipe(
        aligner=mertk.Use("toy_plain"),
        roi=mertk.Use("toy_halves"),
        extractor=mertk.Use("look"),
        classifier=mertk.Use("toy_nearest"),
    )
    return toy.swap(kind, mertk.Use(name)) if kind else toy


def examined(plugins, probes, model, dataset=TOY, **options):
    return audit(
        case_of(plugins, model, dataset=dataset, **options), probes=probes, folds=1, jobs=2
    )


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """A folder and a file in shared memory where cheats may leave what they have learnt."""
    shared = watched_files.SHARED_MEMORY / f"mertk-cheat-{os.getpid()}.npy"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MERTK_CHEAT_FOLDER", str(tmp_path_factory.mktemp("cheats")))
        environment.setenv("MERTK_CHEAT_SHARED", str(shared))
        yield
    shared.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def verdicts(plugins, outside):
    """Every cheat's verdict; two at a time, each in processes of its own."""

    def judge(entry):
        name, (kind, _, probe, _) = entry
        dataset = {"perturbation": "toy", "identity": MANY}.get(probe, TOY)
        return name, examined(plugins, [probe], recipe(kind, name), dataset).verdicts[0]

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(judge, CAUGHT.items()))


@pytest.mark.slow
@pytest.mark.parametrize("name", CAUGHT)
def test_a_cheat_is_caught_and_its_place_named(verdicts, name):
    _, _, probe, place = CAUGHT[name]
    verdict = verdicts[name]
    assert (verdict.probe, verdict.leak) == (probe, place), verdict.how


@pytest.mark.slow
def test_chances_that_nobody_seeded_are_told_from_state(verdicts):
    assert "differs from run to run" in verdicts["chance_of_the_process"].how
    assert "depends on earlier clips or folds" in verdicts["chance_shared_by_folds"].how


@pytest.mark.slow
@pytest.mark.parametrize("name", DATASETS)
def test_a_data_set_that_gives_labels_away_is_caught(plugins, name):
    _, how = DATASETS[name]
    (verdict,) = examined(plugins, ["dataset"], recipe(), dataset=name).verdicts
    assert verdict.leak == "dataset"
    assert how in verdict.how


def test_a_person_on_both_sides_is_refused_before_any_probe(plugins):
    with pytest.raises(mertk.ProtocolError, match="in training and in test"):
        examined(plugins, PROBES, recipe(), protocol="random_halves")


@pytest.mark.slow
def test_an_honest_recipe_passes_every_probe(plugins):
    honest = recipe("fusion", "toy_centred").swap("classifier", mertk.Use("toy_nearest", noise=1.0))
    found = examined(plugins, PROBES, honest)
    assert found.passed, found
    assert [verdict.probe for verdict in found.verdicts] == list(PROBES)
    scored = [verdict for verdict in found.verdicts if verdict.score is not None]
    assert all(verdict.low <= verdict.high for verdict in scored)
    assert len(scored) == 4


@pytest.mark.slow
def test_all_folds_at_once_without_a_leak_pass_every_probe(plugins):
    found = examined(plugins, PROBES, recipe("classifier", "nearest_means"))
    assert found.passed, found


@pytest.mark.slow
def test_what_only_all_folds_at_once_can_see_is_told_from_a_fold_by_itself(verdicts):
    assert "changes with the pixels" in verdicts["all_folds_on_one_scale"].how
    assert "changes with the label" in verdicts["all_folds_with_one_weighting"].how


@pytest.mark.slow
def test_a_model_that_is_tuned_inside_the_folds_passes_and_hides_no_cheat(plugins):
    """Nested search is honest; a cheat inside it is seen as it is without."""
    noise = ["classifier.noise=0.0,1.0"]
    found = examined(plugins, ["perturbation"], recipe(), "toy", tunes=noise, inner_folds=2)
    assert found.passed, found
    counts = ["classifier.count=101,1001"]
    cheating = recipe("classifier", "threshold_tuned_on_the_test_subject")
    found = examined(plugins, ["perturbation"], cheating, "toy", tunes=counts, inner_folds=2)
    assert found.verdicts[0].leak == "classifier", found


@pytest.mark.slow
@pytest.mark.parametrize("model", ["flow_svm", "flow_ridge", "biwoof"])
def test_a_shipped_model_passes_every_probe(plugins, model):
    found = examined(plugins, PROBES, model, dataset="synthetic:subjects=4,clips=3,size=64")
    assert found.passed, found


@pytest.mark.slow
def test_labels_brought_from_elsewhere_are_what_no_probe_sees(plugins):
    known = recipe("extractor", "knows_from_elsewhere")
    results = mertk.bench([known], dataset=TOY, plugins=plugins, jobs=1, floors=False)
    assert results.table()["UF1"][0] == 1
    assert examined(plugins, PROBES[1:], known).passed


def test_a_probe_that_can_tell_nothing_says_so(plugins):
    known = recipe("classifier", "memory_of_people")
    (verdict,) = examined(plugins, ["identity"], known, dataset="toy:subjects=4").verdicts
    assert verdict.how.startswith("nothing is tested: with so few people, even a perfect score")
    assert not verdict.tested


@pytest.mark.parametrize(
    ("tested", "outcome"),
    [([], "inconclusive"), ([False], "inconclusive"), ([False, True], "passed")],
)
def test_an_audit_that_tested_nothing_has_not_passed(tested, outcome):
    verdicts = tuple(Verdict("noise", "", "", tested=one) for one in tested)
    found = Audit("m", "p", 1, 1, 1, verdicts)
    assert (found.outcome, found.passed) == (outcome, outcome == "passed")
    leak = Audit("m", "p", 1, 1, 1, (*verdicts, Verdict("noise", "roi", "", tested=False)))
    assert leak.outcome == "leak"


def test_a_recipe_that_fails_is_told_in_one_line(plugins):
    bad = recipe().swap("classifier", mertk.Use("linear_svm", C=-1))
    with pytest.raises(mertk.ComponentError, match=r"audit of recipe1, scored: .*classifier"):
        examined(plugins, ["noise"], bad)


@pytest.mark.slow
@pytest.mark.parametrize(("cheating", "code"), [(False, 0), (True, 1)])
def test_the_command_ends_with_1_where_something_leaks(capsys, cheating, code):
    given = ["audit", "--model", "toy_model", "--dataset", TOY, "--probe", "noise"]
    if cheating:
        given += ["--swap", "extractor=label_from_path"]
    with pytest.raises(SystemExit) as ended:
        main([*(part for file in FILES for part in ("--plugin", str(file))), *given, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (ended.value.code, told["passed"]) == (code, not cheating)
    assert told["verdicts"][0]["leak"] == ("extractor" if cheating else "")


def test_the_command_ends_with_3_where_nothing_was_tested(capsys, tmp_path):
    given = ["audit", "--model", "toy_model", "--dataset", "toy:subjects=4", "--probe", "identity"]
    with pytest.raises(SystemExit) as ended:
        main(["--plugin", str(FILES[0]), *given, "--runs", str(tmp_path)])
    out = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 3
    assert "inconclusive: no probe could test anything" in out
    assert all(limit in out for limit in CANNOT_SEE)
    (stamp,) = [one for one in (tmp_path / "audits").iterdir() if one.name[0] != "."]
    told = json.loads(stamp.read_text())
    assert (told["passed"], told["outcome"]) == (False, "inconclusive")
    assert audit_record.describe_record(told).startswith(
        "AUDIT INCONCLUSIVE: no probe could test anything"
    )


@pytest.mark.slow
def test_the_table_says_which_place_leaks(capsys):
    given = ["audit", "--model", "toy_model", "--dataset", "copies_under_other_names"]
    with pytest.raises(SystemExit) as ended:
        main([*(part for file in FILES for part in ("--plugin", str(file))), *given,
              "--probe", "dataset"])  # fmt: skip
    out = capsys.readouterr().out
    assert ended.value.code == 1
    assert "LEAK in dataset" in out
    assert "LEAKS: its scores cannot be trusted" in out
