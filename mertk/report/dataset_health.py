"""The data doctor's diagnosis, for a terminal and as a page."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from mertk.report.page import make_environment
from mertk.storage.atomic_files import write_file

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from mertk.datasets.validation import Diagnosis, Finding


def group_findings(found: Diagnosis) -> dict[tuple[str, str], list[Finding]]:
    """The findings by (level, topic), errors first."""
    grouped: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in sorted(found.findings, key=lambda f: f.level):
        grouped[finding.level, finding.topic].append(finding)
    return dict(grouped)


def describe_verdict(found: Diagnosis) -> str:
    """One sentence."""
    if not found.healthy:
        return f"{found.dataset} is NOT as published: see the lines with ≠ and the errors."
    frames = "" if found.with_frames else " Only annotations were checked: no frames were found."
    return f"{found.dataset} is as expected.{frames}"


def print_diagnosis(found: Diagnosis, lines: int) -> None:
    """Print the diagnosis; of each topic the first `lines` findings."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False, emoji=False)
    console.print(
        f"[bold]{escape(found.dataset)}[/bold] · edition {escape(found.edition or 'unknown')}"
    )
    for sheet in found.sheets:
        console.print(f"annotations: {escape(sheet)}")
    where = f"{escape(found.tree)} ({escape(found.kind)}); " if found.tree else ""
    console.print(f"frames: {where}found for {found.with_frames} of {found.clips} expressions")
    console.print(_make_table(found))
    for rules in found.protocols:
        for line in rules.differences:
            console.print(f"≠ {escape(rules.protocol)}: {escape(line)}")
    _show_findings(console, found, lines)
    for line in found.assumed:
        console.print(f"assumed: {escape(line)}")
    console.print(f"[bold]{escape(describe_verdict(found))}[/bold]")


def _show_findings(console: Console, found: Diagnosis, lines: int) -> None:
    from rich.markup import escape

    for (level, topic), findings in group_findings(found).items():
        console.print(f"[bold]{level}[/bold]: {escape(topic)} ({len(findings)})")
        for finding in findings[:lines]:
            console.print(f"  {escape(' · '.join(filter(None, (finding.clip, finding.text))))}")
        if len(findings) > lines:
            console.print(f"  … and {len(findings) - lines} more (--json lists all)")


def _make_table(found: Diagnosis) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    table.add_column("expected", justify="right")
    table.add_column("found", justify="right")
    for count in found.counts:
        expected = "–" if count.expected is None else str(count.expected)
        table.add_row(escape(count.what), expected, f"{count.found}{' ≠' if count.wrong else ''}")
    for rules in found.protocols:
        edition = f" ({rules.edition})" if rules.edition else ""
        name = escape(f"protocol {rules.protocol}{edition}")
        mark = " ≠" if rules.differences else ""
        table.add_row(name, str(rules.expected), f"{rules.found}{mark}")
    return table


def write_diagnosis(found: Diagnosis, path: Path) -> None:
    """Write the diagnosis as one page, all text escaped."""
    page = make_environment().get_template("health.html.j2")
    write_file(
        path,
        page.render(found=found, topics=group_findings(found), verdict=describe_verdict(found)),
    )
