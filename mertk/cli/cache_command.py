"""`mertk cache`."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from mertk.cli._options import FiniteRange
from mertk.core.printing import count_noun
from mertk.storage.cache import Cache

_SHOWN = 20  # clips of a list


@click.command("cache")
@click.option(
    "--prune",
    type=FiniteRange(0),
    metavar="GB",
    help="Remove the least recently used entries until the cache is smaller than GB.",
)
@click.option("--clear", is_flag=True, help="Remove all entries.")
@click.option(
    "--verify", is_flag=True, help="Compare the content of all clip files with the cached features."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    ctx: click.Context, prune: float | None, *, clear: bool, verify: bool, as_json: bool
) -> None:
    """Show the folder and the size of the cache of features, or remove entries.

    Features of a clip are computed again if its id, folder, timing or frame rate changes, or the
    name, size or modification time of one of its files. A change of content that keeps size and
    time is not detected. --verify detects it: it compares the content of all files with their
    content when the features were computed, and removes the features that are outdated. The exit
    code is then 1 if any were removed.
    """
    from mertk.storage.cache import Cache

    cache = Cache()
    if verify:
        if clear or prune is not None:
            raise click.UsageError(
                "--verify cannot be combined with --prune or --clear: run it first"
            )
        ctx.exit(_print_verified(cache, as_json=as_json))
    removed = freed = 0
    if clear or prune is not None:
        removed, freed = cache.prune(0 if clear else int((prune or 0) * 1e9))
    entries, size = cache.size()
    about = {
        "folder": str(cache.root),
        "entries": entries,
        "bytes": size,
        "removed": removed,
        "freed_bytes": freed,
    }
    if as_json:
        click.echo(json.dumps(about, indent=1))
        return
    click.echo(f"{cache.root}: {count_noun(entries, 'entry', 'entries')}, {size / 1e6:.1f} MB")
    if removed:
        click.echo(f"removed {count_noun(removed, 'entry', 'entries')}, {freed / 1e6:.1f} MB")


def _print_verified(cache: Cache, *, as_json: bool) -> int:
    """Print which files have changed since the features were computed; return the exit code."""
    from mertk.storage import clip_sources

    found = clip_sources.verify_cache(cache)
    if as_json:
        click.echo(json.dumps({"folder": str(cache.root)} | asdict(found), indent=1))
        return int(bool(found.changed))
    click.echo(
        f"{cache.root}: {count_noun(found.entries, 'entry', 'entries')}; clips with unchanged "
        f"files: {len(found.same)}"
    )
    if found.outdated:
        click.echo(
            f"clips with new files, whose features will be computed again: {len(found.outdated)}"
        )
    if found.missing:
        click.echo(f"clips with files that are missing or cannot be read: {len(found.missing)}")
        click.echo(_list_clips(found.missing))
    if found.changed:
        click.echo(f"clips with changed content but unchanged size and time: {len(found.changed)}")
        click.echo(_list_clips(found.changed))
        click.echo(
            f"removed entries that were computed from the old content: {found.removed}. Finished "
            "runs still contain predictions from it: `mertk bench --fresh …` runs them again"
        )
    if found.unknown:
        click.echo(f"entries without a list of files, not compared: {found.unknown}")
    return int(bool(found.changed))


def _list_clips(clips: Sequence[str]) -> str:
    more = f"\n  … and {len(clips) - _SHOWN} more" if len(clips) > _SHOWN else ""
    return "\n".join(f"  {uid}" for uid in clips[:_SHOWN]) + more
