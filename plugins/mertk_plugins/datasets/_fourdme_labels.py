"""The labels of 4DME: several emotions a clip, and whether text and marked columns agree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import mertk
from mertk import datasets

EMOTIONS = ("positive", "negative", "surprise", "repression", "others")
_BETWEEN = re.compile(r"[+,，/;&]|\band\b")


def split_words(text: str) -> tuple[str, ...]:
    """All words of an emotion cell such as `Surprise+Positive`, in their common spelling."""
    parts = (part.strip() for part in _BETWEEN.split(text.lower()))
    return tuple(dict.fromkeys(datasets.record.canonical_emotion(part) for part in parts if part))


def select_emotions(text: str) -> tuple[str, ...]:
    """Those words that are one of the five emotions, in the order of `EMOTIONS`."""
    named = split_words(text)
    return tuple(word for word in EMOTIONS if word in named)


def find_quirks(text: str) -> tuple[str, ...]:
    """What is odd about an emotion cell: no word in it, or one that is no emotion of 4DME."""
    named = split_words(text)
    if not named:
        return ("emotion_missing",)
    return () if set(named) <= set(EMOTIONS) else ("emotion_unknown",)


def emotions_differ(text: str, marks: Mapping[str, bool]) -> str:
    """What the text and the marked columns of emotions say where they disagree, else ''."""
    said = {word for word in select_emotions(text) if word in marks}
    marked = {word for word, on in marks.items() if on}
    return "" if said == marked else _describe_difference("emotions", said, marked)


def aus_differ(coding: str, marks: Mapping[str, bool]) -> str:
    """The same of AUs; those that were merely kept from before may be marked or not."""
    try:
        codes = datasets.action_units.parse_aus(coding)
    except mertk.DataError:  # the clip is marked for that: there is nothing to compare
        codes = None
    if codes is None or not marks:
        return ""
    kept = {str(code.au) for code in codes if "kept" in code.flags}
    said = {str(au) for au in datasets.action_units.plain_aus(codes)} & set(marks)
    marked = {au for au, on in marks.items() if on}
    return "" if said <= marked <= said | kept else _describe_difference("AUs", said, marked)


def _describe_difference(what: str, said: Iterable[str], marked: Iterable[str]) -> str:
    text, columns = (
        "+".join(sorted(part, key=lambda word: (len(word), word))) or "none"
        for part in (said, marked)
    )
    return f"{what}: the text says {text}, the columns {columns}"
