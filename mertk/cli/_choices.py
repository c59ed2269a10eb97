"""Options that several commands share, from text to what the harness takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mertk.recipe import Json, Use

    Command = Callable[..., None]


class FiniteRange(click.FloatRange):
    """A number in a range, which neither nan nor inf is."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; fails where it is none such."""
        found: float = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return found


def _folders(data: Sequence[str]) -> Any:
    """`--data`: one bare folder, or NAME=FOLDER for each data set, or nothing."""
    named = dict(text.partition("=")[::2] for text in data if "=" in text)
    bare = [text for text in data if "=" not in text]
    if bare and (named or len(bare) > 1):
        raise click.UsageError("several --data: write --data NAME=FOLDER for each")
    return bare[0] if bare else named


def _swap(text: str) -> tuple[str, list[Use]]:
    """`--swap SLOT=NAME:KEY=VALUE`; a+b for several fusion blocks."""
    from mertk.recipe import Use

    slot, equals, uses = text.partition("=")
    if not equals:
        raise click.UsageError(f"--swap {text}: write SLOT=NAME or SLOT=NAME:KEY=VALUE")
    return slot, [Use.parse(part) for part in uses.split("+")]


def _set(text: str) -> tuple[str, Json]:
    """`--set SLOT.PARAMETER=VALUE`."""
    from mertk.recipe import parse_value

    path, equals, value = text.partition("=")
    if not equals or "." not in path:
        raise click.UsageError(f"--set {text}: write SLOT.PARAMETER=VALUE")
    return path, parse_value(value)


def _each(parse: Callable[[str], Any]) -> Callable[..., list[Any]]:
    return lambda _ctx, _param, texts: [parse(text) for text in texts]


folders_option = click.option(
    "--data",
    multiple=True,
    metavar="[NAME=]FOLDER",
    callback=lambda _ctx, _param, texts: _folders(texts),
    help="Where a data set lies.",
)
"""`--data`, as the harness takes `data`."""

_TASK = (
    click.option(
        "--dataset",
        multiple=True,
        metavar="NAME[:KEY=VALUE,…]",
        callback=_each(str),
        help="May be repeated. Default: the protocol's, or else synthetic.",
    ),
    folders_option,
    click.option(
        "--protocol",
        metavar="NAME[:KEY=VALUE,…]",
        help="Names classes, clips and folds. Default: the data set's usual one.",
    ),
    click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="SLOT.PARAMETER=VALUE",
        callback=_each(_set),
        help="Set a parameter of the (first) model, or dataset.PARAMETER.",
    ),
    click.option(
        "--swap",
        "swaps",
        multiple=True,
        metavar="SLOT=NAME[:KEY=VALUE,…]",
        callback=_each(_swap),
        help="Exchange a component of the (first) model; a+b for several fusion blocks.",
    ),
)


def task_options(command: Command) -> Command:
    """`--dataset`, `--data`, `--protocol`, `--set` and `--swap`, as the harness takes them."""
    for option in reversed(_TASK):
        command = option(command)
    return command
