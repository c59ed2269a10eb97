"""Names that a shell completes: models, data sets, protocols, components and kinds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from mertk.core.errors import MertkError

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def complete(kind: str) -> Completer:
    """Give what completes the names of a kind.

    Args:
        kind: a kind of component; `kind` for the kinds; `slot` for `SLOT=NAME`; `component` for
            the kind that the command was given; empty for all names and kinds.

    Returns:
        What click asks for the names that begin as a word does; where none does, the shell
        completes files.
    """

    def find(ctx: click.Context, _param: click.Parameter, begun: str) -> list[CompletionItem]:
        found: dict[str, CompletionItem] = {}
        with contextlib.suppress(MertkError):  # a shell shows no error: nothing is completed
            for name, about in _list_names(ctx, kind, begun):
                if name.startswith(begun):
                    found.setdefault(name, CompletionItem(name, help=about))
        return list(found.values()) or [CompletionItem(begun, type="file")]

    return find


def _list_names(ctx: click.Context, kind: str, begun: str) -> Iterable[tuple[str, str]]:
    """The names of a kind with their summaries; those of presets once a colon is written."""
    from mertk.core.recipe import SLOTS
    from mertk.plugins.loader import load_plugins
    from mertk.plugins.registry import KINDS

    slot, equals, _ = begun.partition("=")
    if kind in {"kind", ""}:
        yield from ((one, "") for one in KINDS)
    if kind == "slot" and not equals:
        yield from ((f"{one}=", "") for one in SLOTS)
    if kind == "kind" or (kind == "slot" and not equals):
        return
    prefix = f"{slot}=" if kind == "slot" else ""
    wanted = {"slot": slot.partition(".")[0], "component": ctx.params.get("kind")}.get(kind, kind)
    for entry in load_plugins(ctx.find_root().params.get("plugins") or ()).registry:
        if wanted in {"", entry.kind}:
            yield prefix + entry.name, entry.summary
            for preset in entry.presets if ":" in begun else ():
                yield f"{entry.name}:{preset}", entry.summary


def complete_study(
    _ctx: click.Context, _param: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Complete the names of shipped studies, or else files."""
    from mertk.experiment.study_files import list_studies

    found = []
    for name, about in list_studies().items():
        if name.startswith(begun):
            found.append(CompletionItem(name, help=about))
    return found or [CompletionItem(begun, type="file")]
