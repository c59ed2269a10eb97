"""`mertk list [KIND]`."""

from __future__ import annotations

import json
import textwrap
from operator import itemgetter
from typing import Any

import click

from mertk.cli import load_and_report_plugins, width
from mertk.cli._completion import complete
from mertk.plugins.registry import KINDS, Registry

_COLUMNS = ("name", "year", "speed", "needs")


@click.command("list")
@click.argument("kind", required=False, shell_complete=complete("kind"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, kind: str | None, *, as_json: bool) -> None:
    """List all registered components and models, or those of one KIND (model, extractor …).

    A package in square brackets is the plug-in that a component comes from.
    """
    from mertk.core.errors import UnknownNameError
    from mertk.report.reference_pages import SPEEDS

    if kind is not None and kind.removesuffix("s") in KINDS:  # `mertk list models`
        kind = kind.removesuffix("s")
    if kind is not None and kind not in KINDS:
        raise UnknownNameError("kind of component", kind, KINDS)
    rows = _list_rows(load_and_report_plugins(ctx).registry, kind)
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for group in KINDS:
        _print_group(group, [row for row in rows if row["kind"] == group])
    if any(row.get("speed") for row in rows):
        click.echo("\n" + textwrap.fill(SPEEDS, width()))


def _list_rows(registry: Registry, kind: str | None) -> list[dict[str, Any]]:
    """A row for each entry; models also have the year of their paper, and a speed."""
    from mertk.report import reference_pages

    speeds = reference_pages.rate_speeds()
    rows = []
    for entry in registry:
        if kind not in (None, entry.kind):
            continue
        row = {name: getattr(entry, name) for name in ("kind", "name", "summary", "origin")}
        row["needs"] = list(entry.needs)
        if entry.kind == "model":
            row["year"] = entry.card.year if entry.card else None
            row["speed"] = speeds.get(entry.name)
            row["needs"] = reference_pages.list_model_needs(entry.target, registry)
        rows.append(row)
    return rows


_KEPT = "\x00"  # a space at which no line is broken


def _print_group(kind: str, rows: list[dict[str, Any]]) -> None:
    """Print the entries of a kind; models have columns for year, speed and needs."""
    if not rows:
        return
    columns = _COLUMNS if kind == "model" else _COLUMNS[:1]
    lines = [dict(zip(_COLUMNS, _COLUMNS, strict=True)) | {"about": ""}] if columns[1:] else []
    for row in rows:
        needs, about = " ".join(row["needs"]), row["summary"]
        if needs and kind != "model":
            about += f" (needs {needs})"
        if not row["origin"].startswith("mertk "):
            about += f" [{row['origin']}]".replace(" ", _KEPT).replace(_KEPT, " ", 1)
        cells = {name: str(row.get(name) or "") for name in columns}
        lines.append({**cells, "needs": needs, "about": about})
    widths = {name: max(map(len, map(itemgetter(name), lines))) for name in columns}
    indent = sum(widths.values()) + 2 * len(widths) + 2
    click.secho(kind, bold=True)
    for line in lines:
        first, *others = (line[name].ljust(widths[name]) for name in columns)
        about = textwrap.fill(line["about"], max(width() - indent, 20), break_long_words=False)
        about = textwrap.indent(about, " " * indent)[indent:].replace(_KEPT, " ")
        click.echo("  ".join(["", click.style(first, fg="cyan"), *others, about]).rstrip())
