"""`mertk score`: other people's predictions, as people and machines see the scores."""

import json

import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from mertk.evaluation.external_predictions import MEGC2019

NAMES = ("negative", "positive", "surprise")


@pytest.fixture
def score(tmp_path, run, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        return run("score", *arguments)

    return call


def megc(seed=0):
    """A submission log with the counts of the published list: text, truth, predicted."""
    rng = np.random.default_rng(seed)
    lines, truth = [], []
    for dataset, counts in MEGC2019.counts.items():
        people = MEGC2019.subjects[dataset]
        labels = [NAMES.index(name) for name, count in counts.items() for _ in range(count)]
        for person in range(people):
            lines.append(f"{dataset} s{person:02d}")
            for at in range(person, len(labels), people):
                truth.append(labels[at])
                lines.append(f"EP{at} {labels[at]}")
    predicted = np.where(rng.random(len(truth)) < 0.7, truth, rng.integers(0, 3, len(truth)))
    answers = iter(predicted.tolist())
    rows = [f"{line} {next(answers)}" if line[:2] == "EP" else line for line in lines]
    return "\n".join(rows), np.array(truth), predicted


def test_a_submission_log_is_scored_pooled_and_by_data_set(score):
    text, truth, predicted = megc()
    code, out, _ = score("log.csv", "--json", log=text)
    found = json.loads(out)
    assert code == 0
    everything = found["parts"][0]
    assert everything["scores"]["UF1"] == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert everything["scores"]["UAR"] == pytest.approx(
        recall_score(truth, predicted, average="macro")
    )
    assert (everything["people"], everything["clips"]) == (
        68, {"negative": 250, "positive": 109, "surprise": 83},
    )  # fmt: skip
    low, high = everything["intervals"]["UF1"]
    assert 0.02 < high - low < 0.2
    assert low < everything["scores"]["UF1"] < high
    assert [part["name"] for part in found["parts"][1:]] == ["casme2", "samm", "smic"]
    assert sum(map(sum, found["confusion"])) == 442


def test_the_published_list_is_recognised_by_its_counts(score):
    text, _, _ = megc()
    _, out, _ = score("log.csv", log=text)
    line = "The number of clips is that of MEGC 2019 for casme2, samm, smic: 442 (250 negative"
    assert line in " ".join(out.split())
    _, out, _ = score("log.csv", log=text.rsplit("\n", 1)[0])
    assert "NOT the clips of MEGC 2019: smic: 163 clips, published 164; smic: 42 surprise" in out


def test_a_part_of_the_published_list_is_compared_with_its_part(score):
    text = megc()[0].partition("samm s00")[0]
    _, out, _ = score("log.csv", log=text)
    line = "The number of clips is that of MEGC 2019 for casme2: 145 (88 negative"
    assert line in " ".join(out.split())


def test_other_classes_are_compared_with_no_list(score):
    table = "clip,subject,truth,prediction\na,s1,anger,fear\nb,s1,fear,fear\nc,s2,fear,fear\n"
    _, out, _ = score("log.csv", log=table)
    assert "MEGC" not in out


def test_means_over_folds_are_named_by_what_was_done_about_absent_classes(score):
    table = "clip,subject,truth,prediction\na,s1,0,0\nb,s1,0,1\nc,s2,1,1\n"
    _, out, _ = score("log.csv", "--json", log=table)
    found = json.loads(out)
    assert found["folds"] == 2
    assert found["fold_means"]["UF1"] == pytest.approx({
        "counted as 0": (1 / 3 + 1 / 2) / 2,
        "dropped if neither true nor predicted": (1 / 3 + 1) / 2,
        "dropped if not true": (2 / 3 + 1) / 2,
    })  # fmt: skip
    _, out, _ = score("log.csv")
    assert "means over 2 folds (no protocol uses them)" in out
    assert "dropped if neither true nor predicted" in out


def test_without_subjects_there_are_scores_and_no_intervals(score):
    code, out, _ = score("log.csv", log="clip,truth,prediction\na,0,0\nb,0,1\nc,1,1\n")
    assert code == 0
    assert "0.667" in out
    assert "No intervals: the log names no subjects" in out
    assert "means over" not in out


def test_a_data_set_without_some_class_has_no_uf1(score):
    table = (
        "dataset,clip,subject,truth,prediction\nx,a,s1,0,0\nx,b,s2,1,1\ny,a,s1,0,0\ny,b,s2,0,1\n"
    )
    _, out, _ = score("log.csv", "--json", log=table)
    found = json.loads(out)
    assert found["parts"][2]["scores"] == {"accuracy": 0.5}
    assert "No UF1 and UAR for y: a class has no clip." in found["sentences"]


def test_macro_precision_is_told_because_tables_call_it_uar(score):
    table = "clip,truth,prediction\na,0,0\nb,0,0\nc,0,1\nd,1,1\n"
    _, out, _ = score("log.csv", log=table)
    assert "Macro precision, which some papers report as UAR, is 0.750" in out
    assert "0.833" in out


def test_classes_name_the_numbers_of_a_table(score):
    table = "clip,truth,prediction\na,0,0\nb,1,1\nc,2,0\n"
    _, out, _ = score("log.csv", "--classes", "negative, positive, surprise", log=table)
    assert "surprise" in out
    assert "NOT the clips of MEGC 2019: all: 3 clips, published 442" in out


def test_the_table_fits_a_terminal_of_80_columns(score, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = score("log.csv", log=megc()[0])
    assert "…" not in out
    assert "casme2" in out


def test_text_of_the_file_is_no_markup(score):
    table = "dataset,clip,truth,prediction\n[red]x,a,[b]0,[b]0\n[red]x,b,1,1\ny,a,1,[b]0\n"
    _, out, _ = score("log.csv", log=table)
    assert "[red]x" in out
    assert "[b]0" in out


TRUTH = """subject,video,onset,offset,type,emotion
s1,v1,1,10,me,negative
s1,v1,11,20,me,positive
s1,v1,50,90,mae,negative
s2,v2,1,10,me,negative
"""
SPOTTED = """subject,video,onset,offset,type,emotion
s1,v1,1,20,me,negative
s1,v1,50,90,mae,negative
s1,v3,1,10,me,negative
"""


def table(out):
    """The rows of the table of spotting: label → the numbers of the four rules."""
    rows = [line.rsplit(None, 4) for line in out.splitlines() if len(line.rsplit(None, 4)) == 5]
    return {label.strip(): cells for label, *cells in rows}


def test_spotting_shows_each_rule_by_its_name(score):
    code, out, _ = score("--spotting", "truth.csv", "spotted.csv", truth=TRUTH, spotted=SPOTTED)
    assert code == 0
    for name in ("one to", "MEGC 2020", "SoftNet", "STRS script 2023"):
        assert name.split()[0] in out
    rows = table(out)
    # in columns: one to one, MEGC 2020 baseline, SoftNet 2021, STRS script 2023
    assert rows["micro matches"] == ["1", "2", "0", "2"]  # SoftNet needs an IoU above 0.5
    assert rows["micro truths"] == ["3", "3", "3", "2"]
    assert rows["micro predictions"] == ["2", "2", "3", "2"]  # SoftNet: v2 has no prediction
    assert rows["micro F1"] == ["0.4000", "0.8000", "0.0000", "1.0000"]
    assert rows["overall F1"] == ["0.5714", "0.8571", "0.2500", "1.0000"]
    assert rows["STRS of micro-expressions"] == ["0.2000", "–", "–", "0.3333"]
    assert "subjects without predictions and videos without true intervals are left out" in (
        " ".join(out.split())
    )


def test_spotting_tells_machines_the_same(score):
    _, out, _ = score(
        "spotted.csv", "--spotting", "truth.csv", "--json", truth=TRUTH, spotted=SPOTTED
    )
    rules = json.loads(out)["rules"]
    assert rules["one_to_one"]["by_kind"]["macro"]["F1"] == 1
    assert rules["one_to_one"]["overall"]["matches"] == 2
    assert rules["strs2023"]["strs"]["recognition"]["macro precision, called UAR"] == 0.25
    assert rules["one_to_one"]["strs"]["recognition"]["UF1"] == 0.5


def test_without_emotions_it_is_said_that_there_is_no_strs(score):
    files = {"truth": "v1,1,10,me\n", "spotted": "v1,1,10,me\n"}
    _, out, _ = score("--spotting", "truth.csv", "spotted.csv", **files)
    assert "No STRS: 1 of 1 true micro-expressions have no emotion and 1 of 1 predicted" in (
        " ".join(out.split())
    )
    code, _, err = score("--spotting", "truth.csv", "spotted.csv", "--classes", "a,b", **files)
    assert code == 2
    assert "--classes are the emotions of STRS, but 1 of 1 true micro-expressions have no" in err


def test_an_empty_emotion_of_a_macro_expression_does_not_stop_strs(score):
    truth = TRUTH.replace("50,90,mae,negative", "50,90,mae,")
    spotted = SPOTTED.replace("50,90,mae,negative", "50,90,mae,")
    _, out, _ = score("--spotting", "truth.csv", "spotted.csv", truth=truth, spotted=spotted)
    assert table(out)["STRS of micro-expressions"] == ["0.2000", "–", "–", "0.3333"]


def test_an_empty_emotion_of_a_micro_expression_is_named(score):
    spotted = SPOTTED.replace("v3,1,10,me,negative", "v3,1,10,me,")
    _, out, _ = score("--spotting", "truth.csv", "spotted.csv", truth=TRUTH, spotted=spotted)
    assert "1 of 2 predicted micro-expressions have no emotion, such as v3 1–10" in out
    assert "STRS of micro" not in out


@pytest.mark.parametrize(
    ("name", "meant"),
    [("0v1", "v1"), ("s_v1x", ""), ("video1", "v1"), ("V_1.mov", "v1"), ("S15_0101", "15_0101")],
)
def test_names_of_which_none_is_in_the_truth_are_refused_with_the_ones_that_are_meant(
    score, name, meant
):
    files = {"truth": "v1,1,10\n15_0101,1,10\n", "spotted": f"{name},1,10\n"}
    code, out, err = score("--spotting", "truth.csv", "spotted.csv", **files)
    assert (code, out) == (2, "")
    assert "predicted videos" in err
    assert (f"did you mean '{meant}'?" in err) == bool(meant)


def test_predictions_without_types_are_said_to_be_compared_with_all(score):
    spotted = "video,onset,offset\nv1,1,10\n"
    _, out, _ = score("--spotting", "truth.csv", "spotted.csv", truth=TRUTH, spotted=spotted)
    assert "compared with all 4 true expressions, 3 micro and 1 macro" in " ".join(out.split())
    assert table(out)["overall truths"][0] == "4"
    _, out, _ = score("--spotting", "truth.csv", "spotted.csv", "--kind", "micro")
    assert table(out)["overall truths"][0] == "3"
    assert table(out)["overall F1"][0] == "0.5000"  # 2 / (3 + 1)
    assert "all are taken for micro-expressions" in out
    code, _, err = score("--spotting", "spotted.csv", "spotted.csv", "--kind", "micro")
    assert code == 2
    assert "the truth has no types" in err


def test_predictions_of_the_other_kind_do_not_count_with_kind(score):
    _, out, _ = score(
        "--spotting", "truth.csv", "spotted.csv", "--kind", "macro", truth=TRUTH, spotted=SPOTTED
    )
    assert table(out)["overall truths"][0] == table(out)["overall predictions"][0] == "1"


HEAD = "dataset,subject,fold,clip,truth,prediction\n"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "d,1,a,c1,x,x\nd,01,b,c2,y,y\n",
            "log.csv: people that differ in spelling alone: 'd/1' and 'd/01'. Write each",
        ),
        (
            "d,S1,a,c1,x,x\nd,s1,b,c2,y,y\n",
            "people that differ in spelling alone: 'd/S1' and 'd/s1'",
        ),
        ("d,1,a,c1,x,x\nD,2,b,c2,y,y\n", "data sets that differ in spelling alone: 'd' and 'D'"),
        ("d,1,f1,c1,x,x\nd,2,F01,c2,y,y\n", "folds that differ in spelling alone: 'f1' and 'F01'"),
    ],
)
def test_people_data_sets_and_folds_in_two_spellings_are_refused(score, rows, message):
    code, out, err = score("log.csv", log=HEAD + rows)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_class_in_two_spellings_is_one(score):
    rows = "d,1,1,c1,Happy,happy\nd,2,2,c2,happy ,sad\nd,3,3,c3,SAD,ｓａｄ\n"
    _, out, _ = score("log.csv", "--json", log=HEAD + rows)
    assert json.loads(out)["classes"] == ["happy", "sad"]
    assert json.loads(out)["confusion"] == [[1, 1], [0, 1]]
    code, _, err = score("log.csv", "--classes", "Happy,happy,sad", log=HEAD + rows)
    assert code == 2
    assert "--classes: classes that differ in spelling alone: 'Happy' and 'happy'" in err


def test_few_subjects_are_told_under_the_table(score):
    rows = "d,1,1,c1,x,x\nd,2,2,c2,y,x\nd,3,3,c3,x,x\n"
    _, out, _ = score("log.csv", log=HEAD + rows)
    assert "With 3 subjects, a 95 % interval contains the true score about" in " ".join(out.split())


@pytest.mark.parametrize("spotted", ["V1", "v1.avi", "v01", " v_1 "])
def test_a_video_in_another_spelling_is_refused_and_the_one_meant_is_named(score, spotted):
    lines = f"s1,{spotted},1,10,me,negative\ns2,v2,1,10,me,negative\ns2,v7,1,9,me,negative\n"
    text = SPOTTED.partition("\n")[0] + "\n" + lines
    code, out, err = score("--spotting", "truth.csv", "spotted.csv", truth=TRUTH, spotted=text)
    assert (code, out) == (2, "")
    assert (
        "2 of 3 predicted videos are not in the truth, 1 of them for their spelling alone: "
        f"'{spotted.strip()}' (did you mean 'v1'?)"
    ) in err
    assert err.count("\n") == 1


def test_predicted_videos_that_the_truth_does_not_name_are_told(score):
    files = {"truth": TRUTH, "spotted": SPOTTED}
    _, out, _ = score("--spotting", "truth.csv", "spotted.csv", **files)
    assert "Not in the truth: 1 of 2 predicted videos ('s1/v3'" in " ".join(out.split())
    _, out, _ = score("--spotting", "truth.csv", "spotted.csv", "--json", **files)
    assert json.loads(out)["predicted_videos_without_truth"] == ["s1/v3"]


def test_subjects_and_emotions_of_spotted_intervals_in_two_spellings_are_refused(score):
    other = SPOTTED.replace("s1,", "S01,")
    code, _, err = score("--spotting", "truth.csv", "spotted.csv", truth=TRUTH, spotted=other)
    assert code == 2
    assert "subjects that differ in spelling alone: 's1' and 'S01'" in err
    other = SPOTTED.replace("negative", "Negative")
    _, out, _ = score(
        "--spotting", "truth.csv", "spotted.csv", "--classes", "Negative,Positive", "--json",
        truth=TRUTH, spotted=other,
    )  # fmt: skip
    assert json.loads(out)["rules"]["one_to_one"]["strs"]["classes"] == ["negative", "positive"]
    assert json.loads(out)["rules"]["one_to_one"]["strs"]["recognition"]["UF1"] == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.csv"], "nothing.csv: cannot be read: No such file or directory"),
        (["bad.csv"], "bad.csv, row 3, column 'prediction': the cell is empty"),
        (["--spotting", "truth.csv", "bad.csv"], "bad.csv: no column 'video'"),
        (["--spotting", "truth.csv"], "Missing argument 'FILE…'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(score, arguments, message):
    bad = "clip,truth,prediction\na,0,0\nb,1,\n"
    code, out, err = score(*arguments, bad=bad, truth=TRUTH)
    assert (code, out) == (2, "")
    assert err.startswith("Error: ")
    assert message in err
    assert err.count("\n") == 1


def test_a_log_of_megc_2020_is_scored_by_data_set_without_a_truth(score):
    log = "2\n15_1 1 10 2 10 TP\n15_1 - - 40 60 FP\n1\n006_1 1 9 - - FN\n006_1 - - 30 40 FP\n"
    code, out, _ = score("log.csv", "--json", log=log)
    assert code == 0
    first, second = json.loads(out)
    assert first["file"] == "log.csv, casme_sq"
    assert first["rules"]["one_to_one"]["overall"]["F1"] == pytest.approx(2 / 3)
    assert second["rules"]["one_to_one"]["overall"]["F1"] == 0


def test_the_truth_may_be_that_of_a_data_set(score):
    made = "synthetic_long:videos=2,micros=2,macros=1,seconds=12"
    code, out, _ = score("--spotting", made, "spotted.csv", "--json", spotted="v01,1,9\n")
    assert code == 0
    assert json.loads(out)["rules"]["one_to_one"]["overall"]["truths"] == 6
    code, _, err = score("--spotting", "casme_sq", "spotted.csv")
    assert code == 2
    assert "give its folder with --data" in err


def test_a_class_that_is_true_of_no_clip_is_a_miss_with_a_column_of_its_own(score):
    rows = "a,s1,x,x\nb,s1,x,z\nc,s2,y,y\nd,s2,y,y\n"
    code, out, _ = score("log.csv", log="clip,subject,truth,prediction\n" + rows)
    assert code == 0
    assert "z (1). Each counts as a miss; UF1 and UAR are means over x, y." in " ".join(out.split())
    _, out, _ = score("log.csv", "--json")
    found = json.loads(out)
    assert found["confusion"] == [[1, 0, 1], [0, 2, 0], [0, 0, 0]]
    assert found["parts"][0]["scores"] == pytest.approx(
        {"UF1": (2 / 3 + 1) / 2, "UAR": (1 / 2 + 1) / 2, "accuracy": 3 / 4}
    )
    assert found["parts"][0]["macro_precision"] == 1
    code, again, _ = score("log.csv", "--json", "--classes", "x,y,z")
    assert json.loads(again)["parts"] == found["parts"]


def test_several_labels_of_a_clip_are_scored_by_label(score):
    log = "clip,subject,truth,prediction\na,s1,1+2,1\nb,s1,1,1\nc,s2,2,1+2\nd,s2,,\n"
    code, out, _ = score("log.csv", log=log)
    assert code == 0
    assert "binary F1" in out
    _, out, _ = score("log.csv", "--json")
    part = json.loads(out)["parts"][0]
    # label 1: 2 hits of 2 true and 3 predicted; label 2: 1 hit of 2 true and 1 predicted
    assert part["scores"]["binary F1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert part["people"] == 2


def test_a_confusion_matrix_is_scored_without_intervals(score):
    _, out, _ = score("log.csv", "--json", log="t,a,b\na,3,1\nb,0,2\n")
    found = json.loads(out)
    assert found["parts"][0]["scores"]["UF1"] == pytest.approx((6 / 7 + 4 / 5) / 2)
    assert found["parts"][0]["intervals"] == {}
    assert "Read as a confusion matrix: a row for each true class." in found["sentences"]


def test_several_files_stand_side_by_side_with_a_paired_test(score, tmp_path):
    truth = "".join(f"s{n},v{n},1,10\ns{n},v{n},50,60\n" for n in range(6))
    right = "subject,video,onset,offset\n" + truth
    half = right.replace("50,60", "70,80")
    files = {"truth": right, "good": right, "half": half}
    code, out, _ = score(
        "good.csv", "half.csv", "--spotting", "truth.csv", "--out", tmp_path / "page", **files
    )
    assert code == 0
    assert "good.csv - half.csv" in out
    row = next(line for line in out.splitlines() if "good.csv - half.csv" in line).split()
    assert row[3] == "+0.500"  # F1 1 and 1/2
    assert row[-2] == "0.0312"  # 2 of 64 exchanges
    _, told, _ = score("good.csv", "half.csv", "--spotting", "truth.csv", "--json")
    assert [one["file"] for one in json.loads(told)] == ["good.csv", "half.csv"]
    matches = (tmp_path / "page" / "matches.csv").read_text().splitlines()
    assert matches[0].startswith("file,subject,video,result,iou,true_onset,true_offset,true_type")
    assert sum(",TP," in line for line in matches) == 12 + 6
    assert sum(",FN,0.0," in line for line in matches) == 6
    videos = (tmp_path / "page" / "videos.csv").read_text().splitlines()
    assert videos[-1] == "half.csv,s5,v5,1,2,2,0.5,0.5,0.5"
    page = (tmp_path / "page" / "spotting.html").read_text(encoding="utf-8")
    assert page.count('class="TP"') == 2 * (12 + 6)
    assert page.count('class="FN"') == page.count('class="FP"') == 6
    assert "good.csv − half.csv" in page


def test_f1_one_to_one_has_an_interval_over_subjects(score):
    truth = "".join(f"s{n},v{n},1,10\n" for n in range(8))
    spotted = truth.replace("s3,v3,1,10", "s3,v3,30,40")
    head = "subject,video,onset,offset\n"
    _, out, _ = score(
        "spotted.csv", "--spotting", "truth.csv", "--json", truth=head + truth, spotted=head + spotted
    )  # fmt: skip
    low, high = json.loads(out)["F1_interval"]["overall"]
    assert low < 7 / 8 < high
    assert 0.3 < low < 0.7


def test_names_in_the_page_are_escaped(score, tmp_path):
    text = "<i>v,1,10\n"
    score("a.csv", "--spotting", "truth.csv", "--out", tmp_path / "page", truth=text, a=text)
    assert "<i>v" not in (tmp_path / "page" / "spotting.html").read_text(encoding="utf-8")
