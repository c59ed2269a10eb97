"""`mertk show KIND NAME`."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import Any

import click

from mertk.cli import load_and_report_plugins

_INDENT = " " * 6
_WIDEST = 100  # columns; longer lines are hard to read


@click.command("show")
@click.argument("kind")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, kind: str, name: str, *, as_json: bool) -> None:
    """Show one component: summary, parameters, paper, requirements; for a model, its card.

    KIND is model, extractor, classifier and so on (see `mertk list`).
    """
    from rich.console import Console
    from rich.markdown import Markdown

    from mertk.report import literature, reference_pages

    entry = load_and_report_plugins(ctx).registry.get(kind, name)
    names = ("kind", "name", "summary", "paper", "needs", "origin")
    about: dict[str, Any] = {name: getattr(entry, name) for name in names}
    if kind == "model":
        about["recipe"] = entry.target.to_json()
        about["presets"] = {p: recipe.to_json() for p, recipe in entry.presets.items()}
        about["replays"] = {name: asdict(replay) for name, replay in entry.replays.items()}
        about["card"] = asdict(entry.card) if entry.card else None
        measured, published = (
            reference_pages.read_measured_scores(),
            literature.read_published_scores(),
        )
        about["measured"] = measured[measured["model"] == name].to_dict("records")
        about["published"] = published[published["model"] == name].to_dict("records")
    else:
        about["card"] = asdict(entry.card) if entry.card else None
        about["parameters"] = {}
        for row in reference_pages.list_parameters(entry):
            default = {"default": json.loads(row.default)} if row.default else {}
            more = {"type": row.type, "description": row.description}
            about["parameters"][row.name] = default | more
    if as_json:
        click.echo(json.dumps(about, indent=1))
        return
    if kind == "model":
        Console().print(Markdown(reference_pages.format_card(entry), justify="left"))
        return
    click.secho(f"{entry.kind} {entry.name}", bold=True)
    click.echo(f"  {entry.summary}")
    for title in ("paper", "needs", "origin"):
        if about[title]:
            shown = about[title]
            click.echo(f"  {title}: {shown if isinstance(shown, str) else ', '.join(shown)}")
    for row in reference_pages.list_parameters(entry):
        click.echo(f"  --set {row.name}={row.default}  ({row.type})")
        if row.description:
            click.echo(click.wrap_text(row.description, _width(), _INDENT, _INDENT))
    if entry.card:
        text = "\n\n".join(part for part in reference_pages.describe_original(entry) if part)
        Console().print(Markdown(text, justify="left"))


def _width() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST)
