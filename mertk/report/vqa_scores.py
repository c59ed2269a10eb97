"""Scores of answers to questions about micro-expressions: a table on the terminal, and JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mertk.core.printing import count_noun, text_console
from mertk.evaluation.vqa_scores import MEAN, SCORES, AnswerScores
from mertk.report.tables import make_table

_KINDS = {
    "coarse": "coarse class",
    "fine": "fine class",
    "shown": "AU shown",
    "side": "left or right",
    "units": "all AUs",
    "free": "description",
    "count": "numbers",
    "type": "type of event",
    "other": "other",
}


def scores_to_json(found: Sequence[AnswerScores], notes: Sequence[str]) -> dict[str, Any]:
    """Everything that is printed, as JSON; each score with the ends of its interval."""
    return {"scores": list(map(asdict, found)), "notes": list(notes)}


def print_answer_scores(found: Sequence[AnswerScores], notes: Sequence[str]) -> None:
    """Print a table a data set: scores in rows, answers and floors in columns."""
    console = text_console()
    for dataset in dict.fromkeys(one.dataset for one in found):
        own = [one for one in found if one.dataset == dataset]
        title = (
            f"{dataset or 'answers'}: {count_noun(own[0].questions, 'question')}, "
            f"{count_noun(own[0].subjects, 'subject')}; "
            "95 % intervals over subjects"
        )
        table = make_table(title, ["", *(one.name for one in own)])
        for score in (*SCORES, MEAN):
            if score in own[0].values:
                table.add_row(score, *(_format_score(one.values[score]) for one in own))
        table.add_section()
        for kind, text in _KINDS.items():
            if kind in own[0].right:
                table.add_row(f"right: {text}", *(f"{one.right[kind]:.3f}" for one in own))
        console.print(table)
    console.print(
        "Floors see no pixel, and learn from the other subjects' questions and answers: the "
        "commonest answer to a question (majority), answers by their frequency (prior), and a "
        "model of the texts of all questions on a clip (question text)."
    )
    for note in notes:
        console.print(note)


def _format_score(value: tuple[float, float, float]) -> str:
    return f"{value[0]:.3f}\n{value[1]:.3f}–{value[2]:.3f}"
