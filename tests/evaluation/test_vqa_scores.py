"""Scores of answers about micro-expressions, with values computed by hand."""

from dataclasses import replace

import pytest

from mertk.core.errors import DataError
from mertk.datasets.vqa_questions import ASK_COARSE, ASK_FINE, Question
from mertk.evaluation import vqa_scores
from mertk.evaluation.vqa_scores import MEAN, score_answers


def ask(video, question, answer, subject="s1"):
    return Question(video=video, question=question, answer=answer, dataset="d", subject=subject)


def score(truth, *answers):
    given = [replace(one, answer=text) for one, text in zip(truth, answers, strict=True)]
    found, notes = score_answers(truth, given, "mine")
    return found[0], notes


def test_classes_are_scored_as_uf1_and_uar_over_those_that_are_true():
    truth = [ask(f"v{n}", ASK_COARSE, t) for n, t in enumerate(["negative"] * 3 + ["positive"])]
    found, _ = score(truth, "negative", "It is Negative.", "surprise", "negative")
    # negative: 2 hits of 3, 1 false: F1 = 4/6; positive: 0; surprise is true of nothing
    assert found.values["UF1 coarse"][0] == pytest.approx(1 / 3)
    assert found.values["UAR coarse"][0] == pytest.approx(1 / 3)
    assert MEAN not in found.values  # nothing fine was asked


def test_texts_are_scored_by_bleu_and_rouge():
    truth = [ask("v", "Describe it", "the cat is on the mat")]
    found, _ = score(truth, "The cat is on the red mat.")
    assert found.values["BLEU"][0] == pytest.approx((6 / 7 * 4 / 6 * 3 / 5 * 2 / 4) ** 0.25)
    assert found.values["ROUGE-1"][0] == pytest.approx(12 / 13)
    short, _ = score(truth, "the cat is on")
    assert short.values["BLEU"][0] == pytest.approx(2.718281828 ** (1 - 6 / 4))
    assert found.right == {"free": 0}


def test_right_answers_have_the_mean_1_and_answers_that_lack_are_misses():
    truth = []
    for n in range(6):
        emotion = "fear" if n % 2 else "happiness"
        coarse = "negative" if n % 2 else "positive"
        truth += [
            ask(f"v{n}", ASK_COARSE, coarse, f"s{n // 2}"),
            ask(f"v{n}", ASK_FINE, emotion, f"s{n // 2}"),
            ask(f"v{n}", "Describe it", f"a long text of {emotion}", f"s{n // 2}"),
        ]
    found, notes = score(truth, *(one.answer for one in truth))
    assert found.values[MEAN][0] == 1
    assert found.subjects == 3
    assert not notes
    empty, notes = score(truth, *([""] * 17), "x")
    assert empty.values[MEAN] == pytest.approx((0, 0, empty.values[MEAN][2]))
    assert notes == ["Questions without an answer, each a miss: 17 of 18."]


def make_leaky(subjects=6):
    """The action unit that is asked for tells the emotion."""
    truth = []
    for n in range(4 * subjects):
        emotion, unit = [("happiness", "cheek raiser"), ("fear", "brow lowerer")][n % 2]
        subject = f"s{n // 4}"
        question = f"Is the action unit {unit} shown on the face?"
        truth.append(ask(f"v{n}", ASK_FINE, emotion, subject))
        truth.append(ask(f"v{n}", question, "yes", subject))
    return truth


def test_the_text_floor_finds_what_the_questions_tell_and_the_majority_does_not():
    truth = make_leaky()
    found, _ = score_answers(truth, truth, "truth")
    by_name = {one.name: one for one in found}
    assert list(by_name) == ["truth", *vqa_scores.FLOORS]
    assert by_name["question text"].values["UF1 fine"][0] == 1
    assert by_name["majority"].values["UF1 fine"][0] == pytest.approx(1 / 3)
    assert by_name["prior"].values["UF1 fine"][0] == pytest.approx(0.5, abs=0.1)
    low, high = by_name["prior"].values["UF1 fine"][1:]
    assert low < 0.5 < high


def test_a_floor_never_sees_the_answers_of_the_subject():
    """Each subject has an answer of its own: no floor can give it."""
    truth = [ask(f"v{n}", "Describe it", f"text{n // 2}", f"s{n // 2}") for n in range(8)]
    for floor, drawn in vqa_scores.answer_blindly(truth).items():
        for texts in drawn:
            for one, text in zip(truth, texts, strict=True):
                assert text, floor
                assert text != one.answer, floor


@pytest.mark.parametrize(
    ("truth", "answers", "reason"),
    [
        ([ask("v", "Q", "")], [ask("v", "Q", "a")], "has no true answer"),
        ([ask("v", "Q", "a", "")], [ask("v", "Q", "a")], "has no true subject"),
        ([ask("v", "Q", "a")], [ask("w", "Q", "a")], "no answer is to a question of the truth"),
    ],
)
def test_what_cannot_be_scored_is_refused(truth, answers, reason):
    with pytest.raises(DataError, match=reason):
        score_answers(truth, answers, "mine")
