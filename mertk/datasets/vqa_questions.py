"""Questions and answers about micro-expressions (ME-VQA and ME-LVQA), made from annotations.

The wording of the emotion and action-unit questions is that of the challenge's public files. What
could not be verified: which action units the challenge asks for, the wording of free descriptions,
and of all questions on long videos; these are mertk's own.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mertk.core.errors import DataError
from mertk.core.reading import read_utf8

if TYPE_CHECKING:
    from mertk.core.clips import Clip

Kind = Literal["coarse", "fine", "shown", "side", "units", "free", "count", "type", "other"]

COARSE = ("positive", "negative", "surprise")
FINE = ("happiness", "surprise", "fear", "disgust", "anger", "sadness", "repression", "contempt")
COARSE_OF: Mapping[str, str] = {
    **dict.fromkeys(FINE, "negative"),
    "happiness": "positive",
    "surprise": "surprise",
}
"""The coarse class of each fine class."""

UNITS: Mapping[int, str] = {
    1: "inner brow raiser",
    2: "outer brow raiser",
    4: "brow lowerer",
    5: "upper lid raiser",
    6: "cheek raiser",
    7: "lid tightener",
    9: "nose wrinkler",
    10: "upper lip raiser",
    12: "lip corner puller",
    14: "dimpler",
    15: "lip corner depressor",
    16: "lower lip depressor",
    17: "chin raiser",
    18: "lip pucker",
    20: "lip stretcher",
    23: "lip tightener",
    24: "lip pressor",
    25: "lips part",
    26: "jaw drop",
    38: "nostril dilator",
    39: "nostril compressor",
}
"""Names of action units (Ekman, Friesen and Hager 2002); others are called `AU` and the number."""

ASK_COARSE = "What is the coarse expression class?"
ASK_FINE = "What is the fine-grained expression class?"
ASK_ONE, ASK_SEVERAL = "What is the action unit?", "What are the action units?"
ASK_UNITS = "What is or are the action unit(s)?"
ASK_FREE = "Please analyse the micro-expression."
_SHOWN = "Is the action unit {} shown on the face?"
_SIDE = "Is the action unit {} located on the left or right?"
COUNTS: Mapping[str, str] = {
    "all": "How many expressions are there in the video?",
    "micro": "How many micro-expressions are there in the video?",
    "macro": "How many macro-expressions are there in the video?",
    "units": "How many different action units are there in the video?",
}
_TYPE = "Is expression number {} in the video a micro-expression or a macro-expression?"

_KINDS: Mapping[Kind, str] = {
    "coarse": r"coarse expression class",
    "fine": r"fine-?\s?grained expression class",
    "shown": r"is the action unit .+ shown",
    "side": r"left or right",
    "units": r"what (is|are|is or are) the action unit",
    "count": r"^how many",
    "type": r"micro-?\s?expression or a? ?macro",
    "free": r"analy[sz]e|descri(be|ption)",
}
_VIDEO = ("image_id", "video_id", "clip_id", "video")
_SIDES = {"L": "left", "R": "right"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question on one clip or long video, with its answer; empty: not answered.

    `row` are further fields of the row that it was read from.
    """

    video: str
    question: str
    answer: str = ""
    dataset: str = ""
    subject: str = ""
    row: Mapping[str, Any] | None = None

    @property
    def kind(self) -> Kind:
        """What is asked for, by the wording."""
        text = self.question.strip().lower()
        return next((kind for kind, words in _KINDS.items() if re.search(words, text)), "other")

    def to_row(self) -> dict[str, Any]:
        """A row of a file, with the fields of the challenge's training files."""
        own = {"dataset": self.dataset, "image_id": self.video, "subject": self.subject}
        asked = {"question": self.question, "answer": self.answer}
        return {**(own if self.row is None else self.row), **asked}


def make_clip_questions(clips: Sequence[Clip], *, neutral: bool = False) -> list[Question]:
    """The questions of ME-VQA on clips, with the answers of their annotations.

    Args:
        clips: the clips of one data set or of several.
        neutral: ask in a way that tells nothing: of every clip the same, about the same two action
            units, and without singular and plural.

    Returns:
        For each clip its emotion, coarse and fine, whether action units are shown, their side, all
        action units, and a description; nothing on what is not annotated.
    """
    frequent = Counter(unit for clip in clips for unit in clip.record.get("au_set") or ())
    rng = np.random.default_rng(0)
    found = []
    for clip in clips:
        empty = Question(
            video=clip.uid,
            question="",
            dataset=clip.dataset,
            subject=f"{clip.dataset}/{clip.subject}",
        )
        units = list(clip.record.get("au_set") or ()) if clip.record.get("au_known") else []
        absent = [unit for unit in frequent if unit not in units]
        asked = sorted(frequent, key=lambda unit: (-frequent[unit], unit))[:2]
        if not neutral:
            asked = [*units, *rng.permutation(absent)[:1].tolist()]
        rows = _ask_emotion(clip)
        if clip.record.get("au_known"):
            for unit in asked:
                rows[_SHOWN.format(name_unit(unit))] = "yes" if unit in units else "no"
            rows |= {} if neutral else _ask_sides(clip)
        if units:
            wording = ASK_ONE if len(units) == 1 else ASK_SEVERAL
            rows[ASK_UNITS if neutral else wording] = ", ".join(map(name_unit, units))
        emotion = str(clip.record.get("emotion", ""))
        if units and emotion in FINE:
            rows[ASK_FREE] = describe_expression(emotion, units)
        for question, answer in rows.items():
            found.append(replace(empty, question=question, answer=answer))
    return found


def _ask_emotion(clip: Clip) -> dict[str, str]:
    emotion = str(clip.record.get("emotion", ""))
    return {ASK_COARSE: COARSE_OF[emotion], ASK_FINE: emotion} if emotion in FINE else {}


def _ask_sides(clip: Clip) -> dict[str, str]:
    rows = {}
    for unit in clip.record.get("aus") or ():
        side = _SIDES.get(unit["side"])
        if side:
            rows[_SIDE.format(name_unit(unit["au"]))] = side
    return rows


def name_unit(unit: int) -> str:
    """The name of an action unit."""
    return UNITS.get(unit, f"AU{unit}")


def find_unit(text: str) -> int | None:
    """The action unit that a text names first; None where it names none."""
    lower = text.lower()
    places = {lower.find(name): unit for unit, name in UNITS.items() if name in lower}
    number = re.search(r"\bau\s*(\d+)\b", lower)
    if number:
        places[number.start()] = int(number[1])
    return places[min(places)] if places else None


def describe_expression(emotion: str, units: Sequence[int]) -> str:
    """One sentence on an expression, as the answer to the free question."""
    if not units:
        return f"The expression fits {emotion}."
    return f"The face shows {' and '.join(map(name_unit, units))}, which fits {emotion}."


def make_video_questions(clips: Sequence[Clip]) -> list[Question]:
    """The questions of ME-LVQA on the long videos of these clips: six each.

    Numbers of expressions, of both types, and of different action units; and the types of the first
    and of the last expression.
    """
    videos: dict[tuple[str, str, str], list[Clip]] = {}
    for clip in clips:
        name = str(clip.record.get("video") or clip.name)
        videos.setdefault((clip.dataset, clip.subject, name), []).append(clip)
    found = []
    for (dataset, subject, name), own in videos.items():
        own.sort(key=lambda clip: int(clip.record["onset"] or 0))
        types = [str(clip.record.get("expression_type", "")) for clip in own]
        person = f"{dataset}/{subject}"
        empty = Question(video=f"{person}/{name}", question="", dataset=dataset, subject=person)
        units = {unit for clip in own for unit in clip.record.get("au_set") or ()}
        for question, answer in answer_events(types, len(units)).items():
            found.append(replace(empty, question=question, answer=answer))
    return found


def answer_events(types: Sequence[str], units: int | None) -> dict[str, str]:
    """The questions on a long video with `types` of expressions in order, and their answers."""
    rows = {
        COUNTS["all"]: str(len(types)),
        COUNTS["micro"]: str(types.count("micro")),
        COUNTS["macro"]: str(types.count("macro")),
        COUNTS["units"]: "" if units is None else str(units),
    }
    for number in sorted({1, len(types)} if types else ()):
        rows[_TYPE.format(number)] = f"{types[number - 1]}-expression"
    return rows


def read_questions(path: Path) -> list[Question]:
    """The rows of a .jsonl file; raises `DataError` naming the line that is wrong."""
    found: dict[tuple[str, str], Question] = {}
    for number, line in enumerate(read_utf8(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: not JSON: {error}") from error
        one = _parse_row(f"{path}, line {number}", row)
        if found.setdefault((one.video, one.question), one) is not one:
            raise DataError(
                f"{path}, line {number}: '{one.question}' was asked before of {one.video}"
            )
    if not found:
        raise DataError(f"{path}: holds no question")
    return list(found.values())


def _parse_row(place: str, row: Any) -> Question:
    if not isinstance(row, dict) or not row.get("question"):
        raise DataError(f"{place}: needs the fields question and one of {', '.join(_VIDEO)}")
    video = next((str(row[name]) for name in _VIDEO if row.get(name)), "")
    if not video:
        raise DataError(f"{place}: needs one of the fields {', '.join(_VIDEO)}")
    answer = row.get("answer", row.get("pred"))
    return Question(
        video=video,
        question=" ".join(str(row["question"]).split()),
        answer="" if answer is None else str(answer),
        dataset=str(row.get("dataset") or ""),
        subject=str(row.get("subject") or ""),
        row=row,
    )


def format_questions(questions: Sequence[Question]) -> str:
    """The text of a .jsonl file."""
    return "".join(f"{json.dumps(one.to_row(), ensure_ascii=False)}\n" for one in questions)
