"""`mertk hub`: trained models on the Hugging Face hub."""

from pathlib import Path

import click

from mertk.cli import load_and_report_plugins


@click.group("hub")
def command() -> None:
    """Send trained models to the Hugging Face hub, and fetch them."""


@command.command("push")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("name", metavar="hf:ORGANISATION/NAME")
@click.option(
    "--private/--public",
    default=True,
    show_default=True,
    help="Who sees a repository that is new: its owner, or everybody.",
)
@click.option(
    "--trust",
    multiple=True,
    metavar="MODULE",
    help="Module or package that the model may import; may be repeated. The model is loaded first.",
)
@click.pass_context
def push(
    ctx: click.Context, folder: Path, name: str, trust: tuple[str, ...], *, private: bool
) -> None:
    """Send a model folder to the hub in one commit.

    FOLDER is what `mertk train` wrote. Log in first: `hf auth login`, or set HF_TOKEN.
    """
    from mertk.experiment.model_hub import push_model

    plugins = load_and_report_plugins(ctx)
    click.echo(f"commit: {push_model(folder, name, plugins, private=private, trust=trust)}")


@command.command("pull")
@click.argument("name", metavar="hf:ORGANISATION/NAME[@REVISION]")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write to.")
def pull(name: str, out: Path) -> None:
    """Fetch a model from the hub into a folder, for `mertk predict`.

    A repository with any file that is not one of a model of mertk is refused, and nothing of it is
    fetched. No code is run.
    """
    from mertk.experiment.model_hub import pull_model

    click.echo(f"commit {pull_model(name, out)}; in {out}")
