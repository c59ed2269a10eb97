"""`mertk new`."""

from pathlib import Path

import click

from mertk.cli._completion import complete


@click.command("new")
@click.argument("kind", metavar="KIND", shell_complete=complete("kind"))
@click.argument("name")
@click.option(
    "--package", "as_package", is_flag=True, help="Write a package that can be published."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder to write to. Default: the current folder.",
)
def command(kind: str, name: str, *, as_package: bool, out: Path) -> None:
    """Write a working plug-in and its test as a starting point.

    KIND is aligner, roi, extractor, fusion, classifier, network (a classifier that is trained by
    gradient), spotter, dataset, protocol or model. NAME is the name of the new component, such as
    mean_flow.
    """
    import mertk
    from mertk.plugins import scaffold

    if as_package:
        texts = scaffold.make_package_files(kind, name, mertk.__version__)
    else:
        texts = scaffold.make_plugin_files(kind, name)
    for path in scaffold.write_texts(texts, out):
        click.echo(f"wrote {path}")
    if as_package:
        folder = out / f"mertk-{name.replace('_', '-')}"
        click.echo(f"\nNext: pip install -e '{folder}[test]', then")
        click.echo(f"  mertk check {name}\n  pytest {folder}")
        click.echo(f"  mertk {_NEXT[kind].format(name)}")
        return
    shown = "classifier" if kind == scaffold.NETWORK else kind
    click.echo(f"\nNext:\n  mertk --plugin {out / name}.py show {shown} {name}")
    click.echo(f"  mertk check {out / name}.py\n  pytest {out / f'test_{name}.py'}")
    click.echo(f"  mertk --plugin {out / name}.py {_NEXT[kind].format(name)}")


_NEXT = {
    "aligner": "bench --model flow_svm --swap aligner={0}",
    "roi": "bench --model lbptop --swap roi={0}",
    "extractor": "bench --model lbptop --swap extractor={0} --baseline lbptop",
    "fusion": "bench --model lbptop --swap fusion={0}",
    "classifier": "bench --model lbptop --swap classifier={0} --baseline lbptop",
    "network": "bench --model lbptop --swap classifier={0} --baseline lbptop",
    "spotter": "spot --spotter {0} --dataset synthetic_long --out spotted",
    "dataset": "bench --model majority --dataset {0}",
    "protocol": "bench --model flow_svm --dataset synthetic --protocol {0}",
    "model": "bench --model {0} --baseline lbptop",
}
"""The command that runs a new component, by kind."""
