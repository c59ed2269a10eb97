"""The protocols of `label_maps.toml`: words of one data set stand for classes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._casme2 import CASME2Emotions
from mertk_plugins.protocols._dfme import OfficialParts
from mertk_plugins.protocols._mapped import MappedLabels

TABLE = Path(__file__).with_name("label_maps.toml")

_BASES: Mapping[str, type[MappedLabels]] = {"casme2": CASME2Emotions, "dfme": OfficialParts}
"""Data sets whose protocols do more than map words."""


def make_protocol(
    name: str,
    *,
    summary: str,
    text: str,
    dataset: str,
    classes: Sequence[str],
    lists: Sequence[Mapping[str, Any]] = (),
    words: Mapping[str, Sequence[str]] | None = None,
    column: str = "emotion",
) -> type[MappedLabels]:
    """The class of one row, which holds the row's content.

    A run's identity includes what such a class holds, so that it depends on this row and on no
    other one.

    Args:
        name: the protocol's name.
        summary: one line.
        text: what else there is to say.
        dataset: the data set that it is made for.
        classes: the class names, in their order.
        lists: the keywords of `make_list`, by published list; none where no list was published.
        words: by class the words that mean it; of a class that is not in it, its name.
        column: where a clip's record has the word.

    Raises:
        ValueError: a word means two classes, or a class of `words` is none of `classes`.
    """
    class_of: dict[str, str] = {}
    for label, meaning in {**{one: [one] for one in classes}, **(words or {})}.items():
        for word in meaning:
            if label not in classes or word in class_of:
                raise ValueError(f"protocol '{name}': '{word}' cannot mean '{label}'")
            class_of[word] = label
    held = {
        "__doc__": f"{summary}\n\n{text}",
        "classes": tuple(classes),
        "column": column,
        "class_of": {dataset: class_of},
        "manifests": tuple(make_list(dataset, classes, **one) for one in lists),
    }
    return type(name, (_BASES.get(dataset, MappedLabels),), held)


def make_list(
    dataset: str,
    classes: Sequence[str],
    *,
    counts: Sequence[int] = (),
    subjects: int | None = None,
    clips: int | None = None,
    sha256: str | None = None,
    edition: str = "",
) -> Manifest:
    """A published list of one data set: clips by class, or in all where only that was published.

    Raises `ValueError` where there are not as many `counts` as `classes`.
    """
    known = classes if counts else ()
    return Manifest(
        counts={dataset: dict(zip(known, counts, strict=True))},
        subjects={} if subjects is None else {dataset: subjects},
        clips={} if clips is None else {dataset: clips},
        sha256=sha256,
        edition=edition,
    )


def make_protocols(table: str) -> dict[str, tuple[type[MappedLabels], str]]:
    """By name the class and the paper of every row of a table, which is TOML."""
    made = {}
    for name, row in tomllib.loads(table).items():
        paper = row.pop("paper")
        made[name] = make_protocol(name, **row), paper
    return made


PROTOCOLS = make_protocols(TABLE.read_text(encoding="utf-8"))
globals().update({name: made for name, (made, _) in PROTOCOLS.items()})  # where pickle looks


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    for name, (made, paper) in PROTOCOLS.items():
        register.protocol(name, made, paper=paper)
