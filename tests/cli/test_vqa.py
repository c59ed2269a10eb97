"""`mertk vqa` and `mertk score --vqa`: questions, answers from models, and their scores."""

import json
from pathlib import Path

import pytest

import mertk

TOYS = Path(__file__).parents[1] / "toys.py"

SMALL = "synthetic:subjects=3,clips=3"
SPOTS = """subject,video,onset,offset,type,apex
s01,v01,10,20,me,15
s01,v01,100,150,mae,120
"""


def rows(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def questions(run, tmp_path):
    file = tmp_path / "questions.jsonl"
    assert run("vqa", "questions", SMALL, "--out", file)[0] == 0
    return file


def test_questions_are_answered_from_tables_and_scored_beside_the_floors(run, questions, tmp_path):
    fine = {r["image_id"]: r["answer"] for r in rows(questions) if "fine-grained" in r["question"]}
    text = "\n".join(["clip,predicted", *(f"{clip},{name}" for clip, name in fine.items())])
    (tmp_path / "emotions.csv").write_text(text)
    (tmp_path / "aus.csv").write_text("\n".join(["clip,predicted", *(f"{c},AU4" for c in fine)]))
    out = tmp_path / "answers.jsonl"
    given = ("--emotions", tmp_path / "emotions.csv", "--aus", tmp_path / "aus.csv", "--out", out)
    assert run("vqa", "answer", questions, *given)[0] == 0
    for row in rows(out):
        if "brow lowerer shown" in row["question"]:
            assert row["answer"] == "yes"
        elif "shown" in row["question"]:
            assert row["answer"] == "no"
        elif row["question"].startswith("What are the action units"):
            assert row["answer"] == "brow lowerer"
    code, printed, _ = run("score", out, "--vqa", questions, "--json")
    assert code == 0
    found = {one["name"]: one for one in json.loads(printed)["scores"]}
    assert list(found) == ["answers.jsonl", "majority", "prior", "question text"]
    assert found["answers.jsonl"]["values"]["UF1 coarse"][0] == 1
    assert found["answers.jsonl"]["values"]["UF1 fine"][0] == 1
    assert found["answers.jsonl"]["right"]["units"] < 1
    code, printed, _ = run("score", out, "--vqa", questions)
    assert "mean of six" in printed
    assert "Floors see no pixel" in printed


def test_a_run_of_bench_answers_with_what_it_predicts_for_held_out_subjects(
    run, questions, tmp_path
):
    runs = tmp_path / "runs"
    plugins = mertk.load_plugins([TOYS])
    mertk.bench(["toy_model"], dataset=SMALL, plugins=plugins, out=runs, jobs=1)
    run_folder = next(path.parent for path in runs.glob("toy_model*/run.json"))
    out = tmp_path / "answers.jsonl"
    code, printed, _ = run(
        "--plugin", TOYS, "vqa", "answer", questions, "--emotions", run_folder, "--out", out
    )
    assert code == 0, printed
    answers = {r["answer"] for r in rows(out) if "coarse" in r["question"]}
    assert answers <= {"positive", "negative", "surprise"}
    assert answers


def test_spotted_intervals_answer_questions_on_long_videos(run, tmp_path):
    asked, out = tmp_path / "long.jsonl", tmp_path / "answers.jsonl"
    given = ("synthetic_long:videos=2,seconds=8,micros=1,macros=1", "--long")
    assert run("vqa", "questions", *given, "--without-answers", "--out", asked)[0] == 0
    assert {row["answer"] for row in rows(asked)} == {""}
    (tmp_path / "spots.csv").write_text(SPOTS)
    assert run("vqa", "answer", asked, "--spots", tmp_path / "spots.csv", "--out", out)[0] == 0
    answers = [r["answer"] for r in rows(out) if r["image_id"].endswith("s01/v01")]
    assert answers == ["2", "1", "1", "", "micro-expression", "macro-expression"]
    others = [r["answer"] for r in rows(out) if not r["image_id"].endswith("s01/v01")]
    assert others[:3] == ["0", "0", "0"]  # nothing was spotted there


def test_action_units_of_spots_answer_how_many_there_are(run, tmp_path):
    asked, out = tmp_path / "long.jsonl", tmp_path / "answers.jsonl"
    given = ("synthetic_long:videos=2,seconds=8,micros=1,macros=1", "--long")
    assert run("vqa", "questions", *given, "--out", asked)[0] == 0
    spots = tmp_path / "spots.csv"
    head = "subject,video,onset,offset,type,emotion\ns01,v01,10,20,me,au4+au7\n"
    for second, expected in (("au7+au12", "3"), ("happiness", "")):
        spots.write_text(f"{head}s01,v01,100,150,mae,{second}\n")
        assert run("vqa", "answer", asked, "--spots", spots, "--out", out)[0] == 0
        units = [r for r in rows(out) if "different action units" in r["question"]]
        assert [r["answer"] for r in units] == [expected, "0"]


def test_what_cannot_be_answered_is_refused(run, questions, tmp_path):
    (tmp_path / "p.csv").write_text("clip,predicted\nother,happiness\n")
    out = tmp_path / "answers.jsonl"
    code, _, err = run("vqa", "answer", questions, "--emotions", tmp_path / "p.csv", "--out", out)
    assert (code, "no prediction is of a video that is asked about" in err) == (2, True)
    code, _, err = run("vqa", "answer", questions, "--out", out)
    assert "give at least one of --emotions, --aus and --spots" in err
    (tmp_path / "p.csv").write_text("clip,predicted\nother,happiness\n")
    code, _, err = run("vqa", "answer", questions, "--aus", tmp_path / "p.csv", "--out", out)
    assert "are no action units" in err
    code, _, err = run("score", questions, "--vqa", questions, "--classes", "a,b")
    assert "--vqa takes no other option but --json" in err
