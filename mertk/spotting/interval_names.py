"""Videos, subjects and kinds of two sides that are compared: the same names, or an error."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import itertools
import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal

from mertk.core.errors import DataError
from mertk.core.spelling import check_spelling, normal_video, spelt_twice
from mertk.spotting.interval import VIDEO, Interval

_NAMED = 5  # how many videos are named in a message


def make_comparable(
    truths: Sequence[Interval], predictions: Sequence[Interval]
) -> tuple[list[Interval], list[Interval]]:
    """Both sides with or without subjects, and with or without kinds."""
    _check_spelling(truths, predictions)
    true, spotted = list(truths), list(predictions)
    if true and spotted:
        if knows_field(true, "kind") != knows_field(spotted, "kind"):
            drop_kind = functools.partial(dataclasses.replace, kind="")
            true, spotted = list(map(drop_kind, true)), list(map(drop_kind, spotted))
        named, also = knows_field(true, "subject"), knows_field(spotted, "subject")
        if named and not also:
            spotted = _with_subjects(spotted, true)
        elif also and not named:
            true = _with_subjects(true, spotted)
    return true, spotted


def list_unknown_videos(
    truths: Sequence[Interval], predictions: Sequence[Interval], silent: Iterable[str] = ()
) -> dict[str, str]:
    """The predicted videos that neither the truth nor `silent` names, by name: as they are told.

    `silent` are videos that are known to hold no expression. Raises `DataError` where none of the
    predicted videos is known: all scores would be 0, for the names alone.
    """
    true, spotted = make_comparable(truths, predictions)
    known = dict.fromkeys(map(_name_video, true))
    seen = dict.fromkeys(map(_name_video, spotted))
    quiet = set(silent)
    lost = [name for name in seen if name not in known and name.rpartition("/")[2] not in quiet]
    found = {name: _suggest_name(name, known) for name in lost}
    if known and seen and len(lost) == len(seen):
        raise DataError(
            f"none of the {len(seen)} predicted videos is in the truth: "
            f"{join_some(found.values())}. The truth's videos are {join_some(known)}. Name them in "
            "one way"
        )
    return found


def join_some(given: Iterable[str]) -> str:
    """The first of several names, and how many more there are."""
    names = list(given)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def knows_field(intervals: Sequence[Interval], what: Literal["kind", "subject"]) -> bool:
    """Whether all intervals have a field; raises `DataError` where only some have."""
    bare = [one for one in intervals if not getattr(one, what)]
    if bare and len(bare) < len(intervals):
        raise DataError(f"some intervals have a {what} and some have none, such as {bare[0]}")
    return not bare


def _name_video(one: Interval) -> str:
    return "/".join(filter(None, VIDEO(one)))


def _suggest_name(name: str, known: Iterable[str]) -> str:
    """A name, with the known one that has the same numbers, or else the most similar one."""
    names = list(known)
    same = [one for one in names if _list_numbers(one) == _list_numbers(name)]
    near = same if len(same) == 1 else difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    return f"'{name}' (did you mean '{near[0]}'?)" if near else f"'{name}'"


def _list_numbers(name: str) -> list[str]:
    return re.findall(r"\d+", normal_video(name))


def _check_spelling(truths: Sequence[Interval], predictions: Sequence[Interval]) -> None:
    """Refuse subjects, and videos of one subject, that differ in spelling alone."""
    owners: dict[str, set[str]] = {}
    for one in (*truths, *predictions):
        owners.setdefault(one.subject, set()).add(one.video)
    check_spelling("subjects", owners, DataError, "intervals")
    everywhere = owners.pop("", set())
    for videos in owners.values() or [set()]:
        twice = spelt_twice(sorted(videos | everywhere), normal_video)
        if twice:
            _refuse_names(twice, {one.video for one in truths}, {one.video for one in predictions})


def _refuse_names(
    twice: Sequence[Sequence[str]], true: AbstractSet[str], spotted: AbstractSet[str]
) -> None:
    lost, meant = spotted - true, []
    for group in twice:
        known = [name for name in group if name in true]
        for name in group:
            if known and name in lost:
                meant.append(f"'{name}' (did you mean '{known[0]}'?)")
    if meant:
        more = f"; and {len(meant) - 5} more" if len(meant) > 5 else ""
        raise DataError(
            f"{len(lost)} of {len(spotted)} predicted videos are not in the truth, "
            f"{len(meant)} of them for their spelling alone: {'; '.join(meant[:5])}{more}. Write "
            "each video in one way"
        )
    check_spelling("videos", itertools.chain(*twice), DataError, "intervals", normal_video)


def _with_subjects(bare: Sequence[Interval], named: Sequence[Interval]) -> list[Interval]:
    """The intervals of one side with the subjects that the other side gives to their videos."""
    owners: dict[str, str] = {}
    for one in named:
        if owners.setdefault(one.video, one.subject) != one.subject:
            raise DataError(
                f"video '{one.video}' is of {owners[one.video]} and of {one.subject}, and the "
                "intervals to compare with name no subject: give them one"
            )
    return [dataclasses.replace(one, subject=owners.get(one.video, "")) for one in bare]
