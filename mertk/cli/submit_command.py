"""`mertk submit`."""

from pathlib import Path

import click


@click.command("submit")
@click.argument("challenge", metavar="[megc2025-str|megc2023-spotting]")
@click.option("--cas", type=click.Path(path_type=Path), help="Spotted intervals in CAS(ME)^3.")
@click.option("--samm", type=click.Path(path_type=Path), help="Spotted intervals in SAMM.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The folder to write to."
)
def command(challenge: str, cas: Path | None, samm: Path | None, out: Path) -> None:
    """Write spotted intervals as the files of a challenge, and refuse what it would not read.

    The intervals are tables such as spots-NAME.csv of `mertk spot`. `mertk score` reads the files
    that are written. The files of ME-VQA are written by `mertk vqa answer`.
    """
    from mertk.spotting.submissions import make_submission
    from mertk.storage.atomic_files import write_files

    tables = {part: path for part, path in (("cas", cas), ("samm", samm)) if path is not None}
    submission = make_submission(challenge, tables)
    write_files(out, dict(submission.files))
    for note in submission.notes:
        click.echo(note)
    click.echo(f"{challenge}: {', '.join(str(out / name) for name in submission.files)}")
