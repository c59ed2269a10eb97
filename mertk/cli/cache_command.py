"""`mertk cache`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mertk.cli._options import FiniteRange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mertk.storage.cache import Cache

_SHOWN = 20  # clips of a list


@click.command("cache")
@click.option(
    "--prune", type=FiniteRange(0), metavar="GB", help="Remove the longest unused above GB."
)
@click.option("--clear", is_flag=True, help="Remove everything.")
@click.option("--verify", is_flag=True, help="Read all files behind the features and compare.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    ctx: click.Context, prune: float | None, *, clear: bool, verify: bool, as_json: bool
) -> None:
    """Show where cached features lie and how much there is; remove some.

    Features are computed again for a clip whose id, folder, timing or frame rate changes, or the
    name, size or time of change of any of its files. A file that got other content with the same
    size and time is not noticed: --verify compares the content of all files with what it was when
    the features were computed, removes those that no longer fit, and ends with exit code 1 if there
    were any.
    """
    from mertk.storage.cache import Cache

    cache = Cache()
    if verify:
        if clear or prune is not None:
            raise click.UsageError("--verify goes alone: first verify, then remove what you like")
        ctx.exit(_verify(cache, as_json=as_json))
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


def _verify(cache: Cache, *, as_json: bool) -> int:
    """Print what became of the files behind the features; the exit code."""
    from mertk.storage import clip_sources

    found = clip_sources.verify(cache)
    if as_json:
        click.echo(json.dumps({"folder": str(cache.root)} | asdict(found), indent=1))
        return int(bool(found.changed))
    click.echo(
        f"{cache.root}: {found.entries} entries; the files of {len(found.same)} clips are as they "
        "were"
    )
    if found.outdated:
        click.echo(f"{len(found.outdated)} clips have new files; features are computed anew")
    if found.missing:
        click.echo(f"{len(found.missing)} clips have files that are gone or cannot be read:")
        click.echo(_listed(found.missing))
    if found.changed:
        click.echo(f"{len(found.changed)} clips have other content with the same sizes and times:")
        click.echo(_listed(found.changed))
        click.echo(
            f"removed {found.removed} entries that were computed from what the files held before. "
            "Finished runs hold predictions made from them: `mertk bench --fresh …` does them again"
        )
    if found.unknown:
        click.echo(f"{found.unknown} entries name no files and were not compared")
    return int(bool(found.changed))


def _listed(clips: Sequence[str]) -> str:
    more = f"\n  … and {len(clips) - _SHOWN} more" if len(clips) > _SHOWN else ""
    return "\n".join(f"  {uid}" for uid in clips[:_SHOWN]) + more
