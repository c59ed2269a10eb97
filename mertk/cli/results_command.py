"""`mertk results`: share results, check shared ones, and show them as a page."""

from pathlib import Path

import click

from mertk.cli import load_and_report_plugins


@click.group("results")
def command() -> None:
    """Share results, check shared results, and build a leaderboard from them."""


@command.command("add")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--to",
    default=Path("results"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder to write to, such as results/ of a clone of the repository.",
)
@click.option("--by", default="", metavar="NAME", help="Who ran it, as the leaderboard shows it.")
@click.pass_context
def add(ctx: click.Context, runs: tuple[Path, ...], to: Path, by: str) -> None:
    """Write the results of finished runs as bundles of three text files each.

    RUNS are run folders, or folders of them. A bundle holds predictions, classes, identities,
    hashes and releases. It holds no pixel, path or file name; ids of clips and people are replaced
    by numbers unless they are the published ids of a data set.
    """
    from mertk.evaluation.results_bundle import write_bundle

    for folder in write_bundle(*runs, to=to, by=by, plugins=load_and_report_plugins(ctx)):
        click.echo(f"results: {folder}")


@command.command("verify")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--audit/--no-audit",
    default=True,
    show_default=True,
    help="Also run the perturbation probe of `mertk audit` where the code is at hand.",
)
@click.pass_context
def verify(ctx: click.Context, folders: tuple[Path, ...], *, audit: bool) -> None:
    """Compute every number of shared results anew, and name what does not agree.

    FOLDERS are bundles, or folders of them. Checked are the hashes of files and clip lists, the
    keys, scores, intervals and chance levels, and that no path and no id of a person is in them.
    The exit code is 1 if there is a problem; each stands in one line.
    """
    from mertk.audit.shared_results import audit_shared, name_recipe
    from mertk.evaluation.bundle_checks import check_bundle
    from mertk.evaluation.bundle_files import find_bundles, read_bundle

    plugins = load_and_report_plugins(ctx)
    audited: dict[str, tuple[str, str]] = {}
    wrong = 0
    for folder in find_bundles(*folders):
        problems, told = check_bundle(folder, plugins), ""
        if audit and not problems:
            identity = read_bundle(folder).about["identity"]
            key = name_recipe(identity)
            if key not in audited:
                audited[key] = audit_shared(identity, plugins)
            leak, told = audited[key]
            problems = [f"{folder}: the audit finds a {leak}"] if leak else []
        wrong += bool(problems)
        for line in problems:
            click.echo(f"REFUSED {line}")
        if not problems:
            click.echo(f"ok {folder}{f' ({told})' if told else ''}")
    ctx.exit(int(wrong > 0))


@command.command("site")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder to write index.html to."
)
@click.pass_context
def site(ctx: click.Context, folders: tuple[Path, ...], out: Path) -> None:
    """Write a leaderboard of shared results as one HTML page.

    FOLDERS are bundles, or folders of them. The page is not written where one of them does not
    agree with itself (`mertk results verify`).
    """
    from mertk.report.leaderboard import write_leaderboard

    page = write_leaderboard(folders, out, load_and_report_plugins(ctx))
    click.echo(f"page: {page}")
