"""The protocols of `action_units.toml`: which action units a clip shows."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mertk
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._aus import ActionUnits
from mertk_plugins.protocols._databases import AcrossDatabases

TABLE = Path(__file__).with_name("action_units.toml")

_BASES: Mapping[str, tuple[type, ...]] = {
    "subject": (ActionUnits,),
    "database": (AcrossDatabases, ActionUnits),
}
"""By what is left out."""


def make_protocol(
    name: str,
    codings: Sequence[Mapping[str, Any]],
    *,
    summary: str,
    text: str,
    datasets: Sequence[str],
    classes: Sequence[str],
    left_out: str = "subject",
) -> type[ActionUnits]:
    """The class of one row, which holds the row's content.

    Args:
        name: the protocol's name.
        codings: how often each AU occurs in each edition of a data set.
        summary: one line.
        text: what else there is to say.
        datasets: the data sets that it is made for.
        classes: the AUs, in their order.
        left_out: what is left out at a time, a `subject` or a `database`.
    """
    held = {
        "__doc__": f"{summary}\n\n{text}",
        "datasets": tuple(datasets),
        "classes": tuple(classes),
        "manifests": tuple(
            make_list(codings, edition, datasets, classes)
            for edition in find_editions(codings, datasets)
        ),
    }
    return type(name, _BASES[left_out], held)


def find_editions(codings: Sequence[Mapping[str, Any]], datasets: Sequence[str]) -> list[str]:
    """The editions of these data sets; an empty text where there is one of each."""
    known = [one["edition"] for one in codings if one["dataset"] in datasets and "edition" in one]
    return known or [""]


def make_list(
    codings: Sequence[Mapping[str, Any]],
    edition: str,
    datasets: Sequence[str],
    classes: Sequence[str],
) -> Manifest:
    """The list of one edition; AUs whose numbers were not published are not compared."""
    counts, clips = {}, {}
    for one in codings:
        name = one["dataset"]
        if name in datasets and one.get("edition", edition) == edition:
            shown = one["shown"]
            counts[name] = {au: shown[au] for au in classes if au in shown}
            clips[name] = one["clips"]
    return Manifest(counts=counts, clips=clips, edition=edition)


def make_protocols(table: str) -> dict[str, type[ActionUnits]]:
    """By name the class of every row of a table, which is TOML."""
    read = tomllib.loads(table)
    codings = [
        {**one, "shown": dict(zip(read["aus"], one["shown"], strict=True))}
        for one in read["codings"]
    ]
    return {name: make_protocol(name, codings, **row) for name, row in read["protocols"].items()}


PROTOCOLS = make_protocols(TABLE.read_text(encoding="utf-8"))
globals().update(PROTOCOLS)  # where pickle looks


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    for name, made in PROTOCOLS.items():
        register.protocol(name, made, paper="arxiv:2211.11425")
