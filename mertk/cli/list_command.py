"""`mertk list [KIND]`."""

from __future__ import annotations

import json

import click

from mertk.cli import load_and_report_plugins
from mertk.plugins.registry import KINDS


@click.command("list")
@click.argument("kind", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, kind: str | None, *, as_json: bool) -> None:
    """List all registered components and models, or those of one KIND (model, extractor …)."""
    from mertk.core.errors import UnknownNameError

    if kind is not None and kind not in KINDS:
        raise UnknownNameError("kind of component", kind, KINDS)
    entries = [
        entry for entry in load_and_report_plugins(ctx).registry if kind in (None, entry.kind)
    ]
    if as_json:
        rows = [
            {"kind": e.kind, "name": e.name, "summary": e.summary, "origin": e.origin}
            for e in entries
        ]
        click.echo(json.dumps(rows, indent=1))
        return
    width = max((len(entry.name) for entry in entries), default=0)
    last = ""
    for entry in entries:
        if entry.kind != last:
            click.secho(entry.kind, bold=True)
            last = entry.kind
        click.echo(f"  {entry.name:<{width}}  {entry.summary}  [{entry.origin}]")
