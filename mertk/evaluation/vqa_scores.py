"""Scores of answers to questions about micro-expressions, and what the questions alone tell.

The six scores of ME-VQA are UF1 and UAR of the coarse and of the fine classes, BLEU and ROUGE-1
over all answers. They follow a participant's published script; the organisers' own was not seen.
Classes are those that a true answer has; another answer is a miss. BLEU is that of the corpus, with
n-grams up to four; ROUGE-1 is the mean F1 of words.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core import metrics
from mertk.core.errors import DataError
from mertk.datasets.vqa_questions import COARSE, FINE, Question
from mertk.evaluation.statistics import jackknife_interval

SCORES = ("UF1 coarse", "UAR coarse", "UF1 fine", "UAR fine", "BLEU", "ROUGE-1")
MEAN = "mean of six"
FLOORS = ("majority", "prior", "question text")
"""Answers without a pixel: the commonest answer to the question, answers drawn by their frequency,
and a model of the texts of all questions on the clip. Each learns from the other subjects."""

_DRAWS = 20
_CLASSES: Mapping[str, Sequence[str]] = {"coarse": COARSE, "fine": FINE}


@dataclass(frozen=True, slots=True)
class AnswerScores:
    """Scores of one data set's answers, with 95 % intervals over subjects.

    `values` has the six scores that can be computed, and their mean where all can; `right` the
    share of answers that are equal to the true one, by kind of question.
    """

    dataset: str
    name: str
    questions: int
    subjects: int
    values: Mapping[str, tuple[float, float, float]]
    right: Mapping[str, float]


def score_answers(
    truth: Sequence[Question], answers: Sequence[Question], name: str
) -> tuple[list[AnswerScores], list[str]]:
    """Score answers and the three floors, by data set.

    Args:
        truth: the questions with their true answers and subjects.
        answers: the same questions with the answers to score.
        name: what the answers are called.

    Returns:
        Scores, and sentences on questions that are not answered, or not in the truth.

    Raises:
        DataError: where a question has no true answer or no subject, or no answer fits.
    """
    for one in truth:
        if not one.answer or not one.subject:
            lack = "answer" if one.subject else "subject"
            raise DataError(f"the question '{one.question}' on {one.video} has no true {lack}")
    given = {(one.video, one.question): one.answer for one in answers}
    known = {(one.video, one.question) for one in truth}
    if not known & given.keys():
        raise DataError(
            "no answer is to a question of the truth: videos and questions must be equal"
        )
    notes = []
    if given.keys() - known:
        notes.append(f"Answers to no question of the truth: {len(given.keys() - known)}.")
    empty = sum(not given.get(key) for key in known)
    if empty:
        notes.append(f"Questions without an answer, each a miss: {empty} of {len(known)}.")
    found = []
    for dataset in sorted({one.dataset for one in truth}):
        own = [one for one in truth if one.dataset == dataset]
        texts = [given.get((one.video, one.question), "") for one in own]
        found.append(_score_texts(own, [texts], dataset, name))
        for floor, drawn in answer_blindly(own).items():
            found.append(_score_texts(own, drawn, dataset, floor))
    return found, notes


def _score_texts(
    truth: Sequence[Question], drawn: Sequence[Sequence[str]], dataset: str, name: str
) -> AnswerScores:
    """The scores, means over several draws of answers."""
    subjects, person = np.unique([one.subject for one in truth], return_inverse=True)
    values: dict[str, list[NDArray[np.float64]]] = {}
    for texts in drawn:
        for score, both in _compute_scores(truth, texts, person, len(subjects)).items():
            values.setdefault(score, []).append(both)
    found = {}
    for score, each in values.items():
        mean = np.mean(each, axis=0)
        low, high = jackknife_interval(mean[0], mean[1:])
        found[score] = (float(mean[0]), float(low), float(high))
    right: dict[str, list[bool]] = {}
    for texts in drawn:
        for one, text in zip(truth, texts, strict=True):
            right.setdefault(one.kind, []).append(_split_words(one.answer) == _split_words(text))
    shares = {kind: float(np.mean(each)) for kind, each in right.items()}
    return AnswerScores(dataset, name, len(truth), len(subjects), found, shares)


def _compute_scores(
    truth: Sequence[Question], texts: Sequence[str], person: NDArray[Any], people: int
) -> dict[str, NDArray[np.float64]]:
    """Each score of all subjects, and without each subject in turn `[1 + subjects]`."""
    found = {}
    for kind, names in _CLASSES.items():
        rows = [at for at, one in enumerate(truth) if one.kind == kind]
        true = [find_class(truth[at].answer, names) for at in rows]
        classes = [name for name in names if name in true]
        if not classes:
            continue
        matrices = np.zeros((people, len(classes) + 1, len(classes) + 1))
        for at, name in zip(rows, true, strict=True):
            if name:
                guess = find_class(texts[at], names)
                column = classes.index(guess) if guess in classes else len(classes)
                matrices[person[at], classes.index(name), column] += 1
        summed = _leave_out(matrices)
        found[f"UF1 {kind}"] = metrics.f1(summed)[:, :-1].mean(axis=-1)
        found[f"UAR {kind}"] = metrics.recall(summed)[:, :-1].mean(axis=-1)
    counts = np.zeros((people, 12))
    for at, (one, text) in enumerate(zip(truth, texts, strict=True)):
        counts[person[at]] += _count_words(text, one.answer)
    summed = _leave_out(counts)
    found["BLEU"] = _compute_bleu(summed)
    found["ROUGE-1"] = summed[:, 10] / np.maximum(summed[:, 11], 1)
    if len(found) == len(SCORES):
        found[MEAN] = np.mean([found[name] for name in SCORES], axis=0)
    return found


def _leave_out(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over all subjects, and without each in turn `[1 + subjects, …]`."""
    total = counts.sum(axis=0, keepdims=True)
    return np.concatenate([total, total - counts])


def _count_words(text: str, reference: str) -> NDArray[np.float64]:
    """Shared and possible n-grams (four each), both lengths, ROUGE-1, and 1."""
    given, true = _split_words(text), _split_words(reference)
    shared, possible = [], []
    for order in range(1, 5):
        mine, theirs = (_count_ngrams(words, order) for words in (given, true))
        shared.append((mine & theirs).total())
        possible.append(max(len(given) - order + 1, 0))
    total = len(given) + len(true)
    rouge = 2 * shared[0] / total if total else 1.0
    return np.array([*shared, *possible, len(given), len(true), rouge, 1.0])


def _count_ngrams(words: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[at : at + order]) for at in range(len(words) - order + 1))


def _compute_bleu(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = counts[:, :4] / np.maximum(counts[:, 4:8], 1)
    mean = np.exp(np.log(np.maximum(shares, 1e-300)).mean(axis=1))
    given, true = counts[:, 8], counts[:, 9]
    brevity = np.where(given > true, 1, np.exp(1 - true / np.maximum(given, 1)))
    return np.asarray(np.where(shares.min(axis=1) > 0, brevity * mean, 0.0))


def _split_words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+(?:'[a-z0-9]+)?", text.lower())


def find_class(text: str, names: Sequence[str]) -> str:
    """The class that a text names first; empty where it names none."""
    found = re.search(rf"\b({'|'.join(names)})\b", text.lower())
    return found[1] if found else ""


def answer_blindly(truth: Sequence[Question]) -> dict[str, list[list[str]]]:
    """Answers of the three floors, of which `prior` is drawn several times.

    Of each subject's questions, the answers come from all other subjects.
    """
    people = sorted({one.subject for one in truth})
    rng = np.random.default_rng(0)
    found = {floor: [[""] * len(truth)] for floor in FLOORS}
    found["prior"] = [[""] * len(truth) for _ in range(_DRAWS)]
    texts = _describe_questions(truth)
    for person in people:
        for kind in sorted({one.kind for one in truth if one.subject == person}):
            test = [at for at, q in enumerate(truth) if q.kind == kind and q.subject == person]
            train = [at for at, q in enumerate(truth) if q.kind == kind and q.subject != person]
            if not train:
                continue
            answers = [truth[at].answer for at in train]
            for at, answer in zip(test, _find_majority(truth, test, train), strict=True):
                found["majority"][0][at] = answer
            for draw in found["prior"]:
                for at, pick in zip(test, rng.integers(0, len(answers), len(test)), strict=True):
                    draw[at] = answers[pick]
            guesses = _guess_from_text(
                [texts[at] for at in train], answers, [texts[t] for t in test]
            )
            for at, answer in zip(test, guesses, strict=True):
                found["question text"][0][at] = answer
    return found


def _find_majority(
    truth: Sequence[Question], test: Sequence[int], train: Sequence[int]
) -> list[str]:
    """The commonest answer to the same question, or else to its kind."""
    overall = Counter(truth[at].answer for at in train)
    by_question: dict[str, Counter[str]] = {}
    for at in train:
        by_question.setdefault(truth[at].question, Counter())[truth[at].answer] += 1
    return [by_question.get(truth[at].question, overall).most_common(1)[0][0] for at in test]


def _describe_questions(truth: Sequence[Question]) -> list[str]:
    """Words for each question: its own, and those of all questions on the same video."""
    asked: dict[str, list[str]] = {}
    for one in truth:
        asked.setdefault(one.video, []).append("_".join(_split_words(one.question)))
    found = []
    for one in truth:
        own = [f"own:{word}" for word in _split_words(one.question)]
        words = [word for text in asked[one.video] for word in (text, *text.split("_"))]
        found.append(" ".join([*own, *words, f"questions:{len(asked[one.video])}"]))
    return found


def _guess_from_text(
    texts: Sequence[str], answers: Sequence[str], asked: Sequence[str]
) -> list[str]:
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    if len(set(answers)) == 1:
        return [answers[0]] * len(asked)
    words = CountVectorizer(analyzer=str.split, binary=True)
    model = make_pipeline(words, LogisticRegression(tol=1e-3, max_iter=1000))
    model.fit(texts, answers)
    return list(map(str, model.predict(asked)))
