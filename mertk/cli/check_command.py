"""`mertk check`."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mertk.cli import load_and_report_plugins
from mertk.core.printing import count_noun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mertk.testing import Result
    from mertk.testing.outcome import Verdict

_COLOURS: dict[Verdict, str] = {"passed": "green", "failed": "bold red", "does not apply": "dim"}


@click.command("check")
@click.argument("what", required=False, metavar="NAME|FILE")
@click.option("--all", "everything", is_flag=True, help="Check everything that is registered.")
@click.option(
    "--without",
    multiple=True,
    metavar="PACKAGE",
    help="With --all: skip what needs this package, such as torch.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    metavar="FOLDER",
    help="Folder of the data set. Default: as given to `mertk data add`.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="With --all: components in parallel. Default: one per core.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    what: str | None,
    *,
    everything: bool,
    without: tuple[str, ...],
    data: Path | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Check that components meet the interface contract of their kind.

    NAME is a registered component of any kind, FILE a plug-in file. The exit code is 1 if a check
    fails.
    """
    from mertk.cli.progress import Bar
    from mertk.experiment.executors.local import count_cores
    from mertk.testing import check_component, find_components
    from mertk.testing.suite import check_all, list_names

    if everything == bool(what):
        raise click.UsageError("give a NAME, a FILE, or --all")
    if everything and data:
        raise click.UsageError("--data needs a NAME or FILE; --all uses the folders of data add")
    if without and what:
        raise click.UsageError("--without needs --all")
    plugins = load_and_report_plugins(ctx)
    several = [] if what else list_names(plugins, without=without)
    results = (
        map(check_component, find_components(what, plugins, data=data))
        if what
        else check_all(plugins, several, jobs=jobs or count_cores())
    )
    found = []
    with Bar() as bar:
        bar.stage("components", len(several))
        for one in results:
            found.append(one)
            bar.step(one[0].name)
    flat = list(chain.from_iterable(found))
    if as_json:
        click.echo(json.dumps(list(map(asdict, flat)), indent=1))
    elif everything:
        _print_summary(found)
    else:
        _print_all_checks(found)
    ctx.exit(any(one.verdict == "failed" for one in flat))


def _print_all_checks(found: Sequence[Sequence[Result]]) -> None:
    """Print every check of every component."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    for results in found:
        title = f"[bold]{results[0].kind} {results[0].name}[/]"
        table = Table("check", "verdict", "", box=None, padding=(0, 2, 0, 0), title=title)
        table.title_justify = "left"
        for one in results:
            colour = _COLOURS[one.verdict]
            table.add_row(one.check, f"[{colour}]{one.verdict}[/]", escape(one.text))
        Console(highlight=False, emoji=False).print(table)


def _print_summary(found: Sequence[Sequence[Result]]) -> None:
    """Print a line per component, with its failed checks below."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("kind", "name", *_COLOURS, "", box=None, padding=(0, 2, 0, 0))
    failed = 0
    total: Counter[Verdict] = Counter()
    for results in found:
        counts = Counter(one.verdict for one in results)
        failed += counts["failed"] > 0
        total += counts
        broken = [
            f"[red]{one.check}[/]: {escape(one.text)}" for one in results if one.verdict == "failed"
        ]
        broken += {one.text: "" for one in results if one.text.startswith("not tried")}
        numbers = [str(counts[verdict]) for verdict in _COLOURS]
        table.add_row(results[0].kind, results[0].name, *numbers, "\n".join(broken))
    console = Console(highlight=False, emoji=False)
    console.print(table)
    applying = total["passed"] + total["failed"]
    console.print(
        f"[bold]{count_noun(len(found), 'component')}, {failed} with failed checks; "
        f"{total['passed']} of {applying} checks that apply passed.[/]"
    )
