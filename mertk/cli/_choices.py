"""Options that several commands share, from text to what the harness takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mertk.recipe import Json, Use


def parse_folders(data: Sequence[str]) -> Any:
    """`--data`: one bare folder, or NAME=FOLDER for each data set; None where none is given."""
    named = dict(text.partition("=")[::2] for text in data if "=" in text)
    bare = [text for text in data if "=" not in text]
    if bare and (named or len(bare) > 1):
        raise click.UsageError("several --data: write --data NAME=FOLDER for each")
    return bare[0] if bare else named


def parse_swap(text: str) -> tuple[str, list[Use]]:
    """`--swap SLOT=NAME:KEY=VALUE`; a+b for several fusion blocks."""
    from mertk.recipe import Use

    slot, equals, uses = text.partition("=")
    if not equals:
        raise click.UsageError(f"--swap {text}: write SLOT=NAME or SLOT=NAME:KEY=VALUE")
    return slot, [Use.parse(part) for part in uses.split("+")]


def parse_set(text: str) -> tuple[str, Json]:
    """`--set SLOT.PARAMETER=VALUE`."""
    from mertk.recipe import parse_value

    path, equals, value = text.partition("=")
    if not equals or "." not in path:
        raise click.UsageError(f"--set {text}: write SLOT.PARAMETER=VALUE")
    return path, parse_value(value)
