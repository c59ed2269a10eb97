"""`mertk audit`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mertk.cli import load_and_report_plugins
from mertk.cli._completion import complete
from mertk.cli._options import record_options
from mertk.core.errors import ParameterError
from mertk.core.printing import count_noun
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study

if TYPE_CHECKING:
    from mertk.audit import Audit
    from mertk.plugins.loader import Plugins


@click.command("audit")
@click.option(
    "--model",
    shell_complete=complete("model"),
    metavar="NAME[:PRESET]",
    help="A model or a recipe file.",
)
@click.option(
    "--spotter",
    shell_complete=complete("spotter"),
    metavar="NAME[:KEY=VALUE,…]",
    help="A spotter that learns, in place of a model; of the other options, --dataset, --data and "
    "--seed are for it.",
)
@record_options(
    Study,
    "dataset",
    "data",
    "protocol",
    "preset",
    "sets",
    "swaps",
    "tunes",
    "inner_folds",
    "trials",
    "exclude",
    "replay",
    preset="Default: quick where the model has one.",
    tunes="Audit the model with this parameter chosen inside each fold; see `mertk tune`.",
    replay="Audit this replay of the authors' training order, which leaks.",
)
@click.option(
    "--probe",
    "probes",
    multiple=True,
    type=click.Choice(["perturbation", "noise", "permuted", "identity", "dataset"]),
    help="May be repeated. Default: all.",
)
@click.option("--quick", is_flag=True, help="Use fewer clips and perturb one fold.")
@click.option("--seed", default=0, show_default=True, help="Random seed.")
@record_options(
    Execution, "jobs", "device", jobs="Probes to run in parallel. Default: one per core."
)
@click.option(
    "--runs",
    default="runs",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder of runs, whose reports show the verdict.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    model: str | None,
    spotter: str | None,
    probes: tuple[str, ...],
    jobs: int | None,
    runs: Path,
    *,
    quick: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Test a model for data leaks: its recipe runs in the real folds, on clips without a signal.

    The exit code is 1 if a probe finds a leak; the output names the stage that leaks. It is 3 if
    no probe could test anything.
    """
    from mertk.cli.functions import audit_model
    from mertk.cli.progress import Bar

    plugins = load_and_report_plugins(ctx)
    if (model is None) == (spotter is None):
        raise ParameterError("give --model or --spotter, one of them")
    if spotter is not None or model is None:
        _audit_spotter(ctx, plugins, str(spotter), given, as_json=as_json)
        return
    with Bar() as bar:
        found = audit_model(
            model,
            probes=probes,
            quick=quick,
            runs=runs,
            jobs=jobs,
            plugins=plugins,
            progress=bar,
            **given,
        )
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=1))
    else:
        _print_audit(found)
    ctx.exit({"passed": 0, "leak": 1, "inconclusive": 3}[found.outcome])


def _audit_spotter(
    ctx: click.Context, plugins: Plugins, spotter: str, given: dict[str, Any], *, as_json: bool
) -> None:
    from mertk.audit import audit_spotter

    datasets = given["dataset"] or [None]
    if len(datasets) > 1:
        raise ParameterError("--spotter takes one --dataset")
    found = audit_spotter(
        plugins, spotter, dataset=datasets[0], data=given["data"] or None, seed=given["seed"]
    )
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=1))
    else:
        _print_audit(found)
    ctx.exit({"passed": 0, "leak": 1, "inconclusive": 3}[found.outcome])


def _print_audit(found: Audit) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from mertk.audit.probes import CANNOT_SEE

    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("probe", "score", "chance band", "verdict", "seconds"):
        table.add_column(name, justify="right" if name == "seconds" else "left")
    for one in found.verdicts:
        score = "" if one.score is None else f"{one.score:.3f}"
        band = "" if one.low is None else f"{one.low:.3f}–{one.high:.3f}"
        how = escape(one.how)
        says = f"ok: {how}" if one.tested else f"[yellow]inconclusive[/]: {how}"
        if one.leak:
            says = f"[bold red]LEAK in {escape(one.leak)}[/]: {how}"
        table.add_row(one.probe, score, band, says, f"{one.seconds:.0f}")
    console = Console(highlight=False, emoji=False)
    model = escape(found.model)
    console.print(
        f"[bold]audit of {model}[/bold] · {escape(found.protocol)} · "
        f"{count_noun(found.clips, 'clip')} of "
        f"{count_noun(found.people, 'subject')} in {count_noun(found.folds, 'fold')}"
    )
    console.print(table)
    console.print(f"[bold]{model}: {_OUTCOMES[found.outcome]}.[/bold]")
    console.print(f"The audit cannot detect: {'; '.join(CANNOT_SEE)}.")


_OUTCOMES = {
    "passed": "no probe finds a leak",
    "leak": "LEAKS: its scores cannot be trusted",
    "inconclusive": "inconclusive: no probe could test anything",
}
