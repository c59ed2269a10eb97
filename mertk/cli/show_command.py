"""`mertk show KIND NAME`."""

from __future__ import annotations

import json
from typing import Any

import click

from mertk.cli import load


@click.command("show")
@click.argument("kind")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, kind: str, name: str, *, as_json: bool) -> None:
    """Show one component: summary, parameters with defaults, paper, needs."""
    entry = load(ctx).registry.get(kind, name)
    about: dict[str, Any] = {
        "kind": entry.kind,
        "name": entry.name,
        "summary": entry.summary,
        "paper": entry.paper,
        "needs": list(entry.needs),
        "origin": entry.origin,
    }
    if kind == "model":
        about["recipe"] = entry.target.to_json()
        about["presets"] = {p: recipe.to_json() for p, recipe in entry.presets.items()}
    else:
        about["parameters"] = {
            n: {"default": p.default, "type": str(p.annotation)}
            for n, p in entry.parameters().items()
        }
    if as_json:
        click.echo(json.dumps(about, indent=1))
        return
    click.secho(f"{entry.kind} {entry.name}", bold=True)
    click.echo(f"  {entry.summary}")
    for title in ("paper", "needs", "origin"):
        if about[title]:
            shown = about[title]
            click.echo(f"  {title}: {shown if isinstance(shown, str) else ', '.join(shown)}")
    for parameter, info in about.get("parameters", {}).items():
        click.echo(f"  --set {parameter}={json.dumps(info['default'])}  ({info['type']})")
    if kind == "model":
        for place, use in entry.target.places().items():
            click.echo(f"  {place:<12} {use}")
        if entry.presets:
            click.echo(f"  presets: {', '.join(entry.presets)}")
