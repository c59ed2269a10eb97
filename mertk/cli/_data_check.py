"""`mertk data check` and `mertk data index`."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mertk.cli import load_and_report_plugins
from mertk.cli._completion import complete
from mertk.core.printing import count_noun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mertk.cli.progress import Bar
    from mertk.core.clips import Clip
    from mertk.core.interfaces import EvaluationProtocol
    from mertk.datasets.survey import Survey
    from mertk.datasets.validation import Diagnosis
    from mertk.plugins.registry import Registry

_SOURCE = click.option("--data", type=click.Path(path_type=Path), help="The data set's folder.")
_LINES = 20
_IN_MEGC = frozenset({"casme_sq", "samm_lv"})  # spotting: long videos that MEGC scores


@click.command("check")
@click.argument("name", metavar="NAME[:KEY=VALUE,…]", shell_complete=complete("dataset"))
@_SOURCE
@click.option(
    "--frames",
    type=click.Choice(["none", "key", "all"]),
    default="key",
    show_default=True,
    help="Frames to decode as a test: none, key (onset, apex and offset) or all.",
)
@click.option("--verbose", is_flag=True, help="List all counts and what is known and no mistake.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--html", type=click.Path(path_type=Path), help="Also write the result as an HTML page."
)
@click.pass_context
def check(
    ctx: click.Context,
    name: str,
    data: Path | None,
    frames: Any,
    html: Path | None,
    *,
    verbose: bool,
    as_json: bool,
) -> None:
    """Check a data set: compare counts with the published ones, decode frames, list corrections.

    The exit code is 1 if a difference would change a published number. Frames are not needed:
    annotations alone can be checked.
    """
    from mertk.cli.progress import Bar
    from mertk.report import dataset_health
    from mertk.storage.atomic_files import check_file

    if html is not None:
        check_file(html)
    registry = load_and_report_plugins(ctx).registry
    with Bar() as bar:
        found = examine(registry, name, data, frames, bar)
    if html is not None:
        dataset_health.write_diagnosis(found, html)
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=1))
    else:
        dataset_health.print_diagnosis(found, lines=_LINES, verbose=verbose)
        if html is not None:
            click.echo(f"page: {html}")
    ctx.exit(0 if found.healthy else 1)


def examine(registry: Registry, name: str, data: Path | None, frames: Any, bar: Bar) -> Diagnosis:
    """Read a data set and check its clips, and `frames` of them: none, key or all."""
    from mertk.datasets import validation

    bar.stage(f"reading {name}", 0)
    survey = _survey_dataset(registry, name, data)
    bar.stage("checking frames", len(survey.clips) - len(survey.unusable))
    return validation.examine_dataset(
        survey, _build_protocols(registry, survey.dataset), frames=frames, advance=bar.step
    )


@click.command("index")
@click.argument("name", metavar="NAME[:KEY=VALUE,…]", shell_complete=complete("dataset"))
@_SOURCE
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The CSV file to write."
)
@click.pass_context
def index(ctx: click.Context, name: str, data: Path | None, out: Path) -> None:
    """Write a table with a row per annotated expression, with published and corrected values.

    The column `protocol.NAME` holds the class that the protocol NAME gives it: `excluded` where it
    leaves the clip out, `none` where the clip shows none of its classes (such as none of its AUs),
    and nothing where the annotations do not say.
    """
    from mertk.datasets import record
    from mertk.storage.atomic_files import check_file, write_table

    check_file(out)
    registry = load_and_report_plugins(ctx).registry
    survey = _survey_dataset(registry, name, data)
    protocols = _build_protocols(registry, survey.dataset)
    rows = []
    for clip in survey.clips:
        row = record.to_text(clip.record)
        row["unusable"] = survey.unusable.get(clip.uid, "")
        for key, rules in protocols.items():
            row[f"protocol.{key}"] = _label_clip(rules, clip)
        rows.append(row)
    write_table(out, rows)
    click.echo(f"{count_noun(len(rows), 'expression')} of {survey.dataset} written to {out}")
    for line in _describe_recommended(survey):
        click.echo(line)


def _label_clip(rules: EvaluationProtocol, clip: Clip) -> str:
    """The class of a clip under a protocol, see `index`; empty where annotations are missing."""
    from mertk.core.clip_lists import sort_class_names
    from mertk.core.errors import ProtocolError, name_component

    try:
        with name_component(f"protocol {type(rules).__name__}: label"):
            label = rules.label(clip)
    except ProtocolError:
        return ""
    if label is None:
        return "excluded"
    return "+".join(sort_class_names(label)) or "none"


def _describe_recommended(survey: Survey) -> list[str]:
    """Which intervals are not those of the published file, which challenges score against."""
    from mertk.datasets.corrections import list_repair_keys

    changed = []
    for clip in survey.clips:
        record = clip.record
        texts = [str(record.get(f"{name}_raw", "")) for name in ("onset", "apex")]
        keys = list_repair_keys(clip.subject, str(record.get("clip", clip.name)), *texts)
        for row in itertools.chain.from_iterable(survey.repairs.get(key, ()) for key in keys):
            named = row.level == "recommended" and row.field in ("onset", "offset")
            given = record.get(f"{row.field}_raw") == row.published
            if named and given and str(record[row.field]) == row.value:
                changed.append(f"  {clip.uid}: {row.field} {row.published} → {row.value}")
    if not changed:
        return []
    text = f"recommended corrections of onsets and offsets: {len(changed)}. "
    text += "The ground truth of MEGC has" if survey.dataset in _IN_MEGC else "The annotations have"
    text += f" the published values: {survey.dataset}:repair=official keeps them"
    return [text, *changed]


def _survey_dataset(registry: Registry, name: str, data: Path | None) -> Survey:
    """The reader's survey; for a reader without one, a survey of its clips."""
    from mertk.core.errors import name_component
    from mertk.core.offers import get_offer
    from mertk.core.recipe import Use
    from mertk.datasets import locations, survey

    use = Use.parse(name)
    reader = registry.build("dataset", use)
    folder = data or locations.load_known_folders().get(use.name)
    look = get_offer("dataset", reader, "survey")
    with name_component(f"data set '{use}': reading it"):
        if look:
            found: Survey = look(folder)
        else:
            found = survey.Survey(dataset=use.name, clips=tuple(reader.index(folder)))
    return found


def _build_protocols(registry: Registry, dataset: str) -> Mapping[str, Any]:
    """The protocols that are made for this data set, built with their defaults."""
    from mertk.core.recipe import Use

    found = {}
    for name in registry.names("protocol"):
        rules = registry.build("protocol", Use(name))
        if dataset in rules.datasets:
            found[name] = rules
    return found
