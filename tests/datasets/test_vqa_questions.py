"""Questions about micro-expressions, made from annotations."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

import mertk
from mertk.core.errors import DataError
from mertk.datasets import vqa_questions
from mertk.datasets.vqa_questions import ASK_ONE, ASK_SEVERAL, ASK_UNITS, Question


def clip(name, emotion, au, *, subject="s1", known=True, **more):
    aus = mertk.datasets.action_units.parse_aus(au) or ()
    record = {
        "emotion": emotion,
        "aus": [{"au": one.au, "side": one.side} for one in aus],
        "au_set": mertk.datasets.action_units.plain_aus(aus),
        "au_known": known,
        **more,
    }
    return SimpleNamespace(
        uid=f"d/{subject}/{name}", dataset="d", person=f"d/{subject}", subject=subject, name=name,
        record=record,
    )  # fmt: skip


@pytest.fixture
def clips():
    return [
        clip("a", "happiness", "6+L12"),
        clip("b", "fear", "1"),
        clip("c", "others", "", known=False),
    ]


def test_a_clip_is_asked_about_its_emotion_and_its_action_units(clips):
    found = vqa_questions.make_clip_questions(clips)
    asked = {one.question: one.answer for one in found if one.video == "d/s1/a"}
    assert asked == {
        "What is the coarse expression class?": "positive",
        "What is the fine-grained expression class?": "happiness",
        "Is the action unit cheek raiser shown on the face?": "yes",
        "Is the action unit lip corner puller shown on the face?": "yes",
        "Is the action unit inner brow raiser shown on the face?": "no",
        "Is the action unit lip corner puller located on the left or right?": "left",
        ASK_SEVERAL: "cheek raiser, lip corner puller",
        "Please analyse the micro-expression.": "The face shows cheek raiser and lip corner "
        "puller, which fits happiness.",
    }
    assert [one.kind for one in found[:8]] == [
        "coarse", "fine", "shown", "shown", "shown", "side", "units", "free",
    ]  # fmt: skip
    assert ASK_ONE in {one.question for one in found if one.video == "d/s1/b"}
    assert not [one for one in found if one.video == "d/s1/c"]  # nothing is annotated


def test_neutral_questions_are_the_same_for_every_clip(clips):
    found = vqa_questions.make_clip_questions(clips[:2], neutral=True)
    asked = {}
    for one in found:
        asked.setdefault(one.video, []).append(one.question)
    assert asked["d/s1/a"] == asked["d/s1/b"]
    assert ASK_UNITS in asked["d/s1/a"]
    assert {one.kind for one in found} == {"coarse", "fine", "shown", "units", "free"}


def test_a_long_video_is_asked_about_numbers_and_types():
    made = [
        clip("e1", "fear", "1", video="v", onset=50, expression_type="macro"),
        clip("e2", "fear", "1+2", video="v", onset=10, expression_type="micro"),
        clip("e3", "fear", "4", video="v", onset=90, expression_type="micro"),
    ]
    found = vqa_questions.make_video_questions(made)
    assert [one.answer for one in found] == [
        "3", "2", "1", "3", "micro-expression", "micro-expression",
    ]  # fmt: skip
    assert {one.video for one in found} == {"d/s1/v"}
    assert [one.kind for one in found] == ["count"] * 4 + ["type"] * 2


def test_what_is_written_is_read_back(tmp_path, clips):
    found = vqa_questions.make_clip_questions(clips)
    file = tmp_path / "q.jsonl"
    file.write_text(vqa_questions.format_questions(found), encoding="utf-8")
    assert [replace(one, row=None) for one in vqa_questions.read_questions(file)] == found
    assert set(json.loads(file.read_text().splitlines()[0])) == {
        "dataset", "image_id", "subject", "question", "answer",
    }  # fmt: skip


def test_rows_of_a_submission_are_read_and_keep_their_fields(tmp_path):
    row = {"video_id": "SAMM_01", "video": "SAMM_01.mp4", "question": "Q?", "answer": "x"}
    (tmp_path / "q.jsonl").write_text(json.dumps(row) + "\n\n")
    (one,) = vqa_questions.read_questions(tmp_path / "q.jsonl")
    assert (one.video, one.kind) == ("SAMM_01", "other")
    assert replace(one, answer="y").to_row() == {**row, "answer": "y"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "line 1: not JSON"),
        ('{"question": "Q"}', "line 1: needs one of the fields image_id"),
        ("[1]", "line 1: needs the fields question"),
        ("", "holds no question"),
        ('{"video": "v", "question": "Q"}\n' * 2, "line 2: 'Q' was asked before of v"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path, text, reason):
    (tmp_path / "q.jsonl").write_text(text)
    with pytest.raises(DataError, match=reason):
        vqa_questions.read_questions(tmp_path / "q.jsonl")


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("Is the action unit lip corner puller shown?", 12),
        ("Is the action unit lip corner depressor shown?", 15),
        ("AU 43 is shown", 43),
        ("nothing", None),
    ],
)
def test_an_action_unit_is_found_by_its_name(text, unit):
    assert vqa_questions.find_unit(text) == unit


def test_every_name_of_an_action_unit_is_found_again():
    for unit in (*vqa_questions.UNITS, 43):
        assert vqa_questions.find_unit(vqa_questions.name_unit(unit)) == unit


def test_questions_without_an_answer_are_not_answered():
    assert Question(video="v", question="Q").to_row()["answer"] == ""
