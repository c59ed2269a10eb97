"""`mertk cache`."""

from __future__ import annotations

import json

import click

from mertk.cli._choices import FiniteRange


@click.command("cache")
@click.option(
    "--prune", type=FiniteRange(0), metavar="GB", help="Remove the longest unused above GB."
)
@click.option("--clear", is_flag=True, help="Remove everything.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(prune: float | None, *, clear: bool, as_json: bool) -> None:
    """Show where cached features lie and how much there is; remove some."""
    from mertk.cache import Cache

    cache = Cache()
    removed = freed = 0
    if clear or prune is not None:
        removed, freed = cache.prune(0 if clear else int((prune or 0) * 1e9))
    entries, size = cache.size()
    about = {
        "folder": str(cache.root), "entries": entries, "bytes": size,
        "removed": removed, "freed_bytes": freed,
    }  # fmt: skip
    if as_json:
        click.echo(json.dumps(about, indent=1))
        return
    click.echo(f"{cache.root}: {entries} entries, {size / 1e6:.1f} MB")
    if removed:
        click.echo(f"removed {removed} entries, {freed / 1e6:.1f} MB")
