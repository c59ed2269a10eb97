"""The fields of records as options of commands."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import Field
from pathlib import Path
from typing import Any, TypeVar

import click

from mertk.cli._completion import complete
from mertk.core.options import DATA, HOW, OUTPUT, WHAT, Option, default_of, options_of

Command = Callable[..., None]
R = TypeVar("R")


class GroupedOption(click.Option):
    """An option that the help of a `GroupedCommand` lists under a heading."""

    def __init__(self, *given: Any, group: str = "", **more: Any) -> None:
        super().__init__(*given, **more)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help lists the options under the headings of their groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each group; what has no group comes last."""
        groups: dict[str, list[tuple[str, str]]] = {
            getattr(one, "group", ""): [] for one in self.params
        }
        groups.setdefault("", [])
        for one in self.get_params(ctx):
            row = one.get_help_record(ctx)
            if row and isinstance(one, click.Option):
                groups[getattr(one, "group", "")].append(row)
        for title in sorted(groups, key=_GROUPS.index):
            with formatter.section(title or "Options"):
                formatter.write_dl(groups[title])


_GROUPS = (WHAT, DATA, HOW, OUTPUT, "")


class FiniteRange(click.FloatRange):
    """A number in a range, which neither nan nor inf is."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; fails for nan and inf."""
        found: float = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return found


def record_options(record: type[Any], *names: str, **helps: str) -> Callable[[Command], Command]:
    """Give a command the options of some fields of a record, or of all.

    Args:
        record: the class.
        names: the fields; none for all that the command line has.
        helps: another help text for a field, where the command uses it in its own way.
    """
    known = options_of(record)
    wanted = names or [name for name, (_, about) in known.items() if not about.hidden]

    def decorate(command: Command) -> Command:
        for name in reversed(list(wanted)):
            one, about = known[name]
            command = _click_option(one, about, helps.get(name, about.help))(command)
        return command

    return decorate


def read_record(record: type[R], given: Mapping[str, Any], **more: Any) -> R:
    """The record that a command's options give; `more` are fields that it has no option for."""
    found = {name: given[name] for name in options_of(record) if name in given}
    return record(**{**found, **more})


def _click_option(one: Field[Any], about: Option, text: str) -> Callable[[Command], Command]:
    default = default_of(one)
    name = one.name.replace("_", "-")
    declared: tuple[str, ...] = about.names or (f"--{name}",)
    more: dict[str, Any] = {"cls": GroupedOption, "group": about.group}
    if about.off:
        switch, what = about.off
        return click.option(switch, one.name, flag_value=False, default=True, help=what, **more)
    if isinstance(default, bool):
        return click.option(*declared, one.name, is_flag=True, default=default, help=text, **more)
    return click.option(
        *declared,
        one.name,
        default=None if about.several or not _is_shown(default) else default,
        show_default=_is_shown(default),
        multiple=about.several,
        metavar=about.metavar or None,
        type=_click_type(about, one),
        callback=_make_callback(about, default),
        help=text,
        shell_complete=complete(about.complete) if about.complete else None,
        **more,
    )


def _is_shown(default: Any) -> bool:
    """Whether the help shows a default."""
    return isinstance(default, str | int) and not isinstance(default, bool)


def _click_type(about: Option, one: Field[Any]) -> Any:
    if about.choices:
        return click.Choice(about.choices)
    if about.least is not None:
        return click.IntRange(about.least)
    if "Path" in str(one.type) and not about.parse:
        return click.Path(path_type=Path)
    return str


def _make_callback(about: Option, default: Any) -> Callable[..., Any]:
    """The conversion from a value of click to the value of the field."""

    def convert(_ctx: click.Context, _param: click.Parameter, value: Any) -> Any:
        if value is None or value == ():
            return default
        if about.several:
            parsed = list(map(about.parse, value)) if about.parse else list(value)
            return about.join(parsed) if about.join else parsed
        return about.parse(value) if about.parse and isinstance(value, str) else value

    return convert
