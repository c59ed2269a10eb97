"""The data doctor's diagnosis, for a terminal and as a page."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from mertk.core.printing import count_noun
from mertk.report.page import make_environment
from mertk.storage.atomic_files import write_file

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from mertk.datasets.findings import Finding
    from mertk.datasets.validation import Diagnosis


def group_findings(found: Diagnosis) -> dict[tuple[str, str], list[Finding]]:
    """The findings by (level, topic), errors first."""
    grouped: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in sorted(found.findings, key=lambda f: f.level):
        grouped[finding.level, finding.topic].append(finding)
    return dict(grouped)


def describe_verdict(found: Diagnosis) -> str:
    """One or two sentences: whether it is as published, and how that is known."""
    people = next((count.found for count in found.counts if count.what == "people"), 0)
    size = f"{count_noun(found.clips, 'expression')} of {count_noun(people, 'person', 'people')}"
    if not found.healthy:
        number = len(found.problems)
        these = count_noun(number, "problem changes", "problems change")
        edition = f", edition {found.edition}" if found.edition else ""
        return f"{found.dataset} is NOT as published: {these} results ({size}{edition})."
    frames = "all with frames." if found.with_frames == found.clips else ""
    frames = frames or "Only annotations were checked: no frames were found."
    join = ", " if frames.startswith("all") else ". "
    if not found.known_by:
        return f"{found.dataset} was read: {size}{join}{frames} No counts were published."
    how = "content" if found.known_by == "content" else "counts alone; its content is not known"
    return (
        f"{found.dataset} is as published: edition {found.edition} (by its {how}), "
        f"{size}{join}{frames}"
    )


def print_diagnosis(found: Diagnosis, lines: int, *, verbose: bool = False) -> None:
    """Print the verdict, what changes results, and what is known and harmless.

    Of each topic the first `lines` findings are printed; with `verbose` also the harmless ones,
    which are else one line a topic, and all counts.
    """
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False, emoji=False, soft_wrap=True)
    console.print(f"[bold]{escape(describe_verdict(found))}[/bold]")
    _show_problems(console, found, lines)
    for sheet in found.sheets:
        console.print(f"annotations: {escape(sheet)}")
    if found.tree:
        held = f"{found.with_frames} of {count_noun(found.clips, 'expression')}"
        console.print(f"frames: {escape(found.tree)} ({escape(found.kind)}), {held}")
    if found.others:
        console.print(f"not read: {escape('; '.join(found.others))}")
    for line in _list_protocols(found):
        console.print(escape(line))
    if verbose:
        console.print(_make_table(found))
    _show_notes(console, found, lines, verbose=verbose)
    for line in found.assumed if verbose else ():
        console.print(f"assumed: {escape(line)}")
    if found.assumed and not verbose:
        console.print(f"assumed: {len(found.assumed)} (--verbose lists them)")


def _show_problems(console: Console, found: Diagnosis, lines: int) -> None:
    from rich.markup import escape

    grouped: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in found.problems:
        grouped[finding.topic, finding.fix].append(finding)
    for (topic, fix), findings in grouped.items():
        for finding in findings[:lines]:
            text = " · ".join(filter(None, (finding.clip, finding.text)))
            console.print(f"  [bold]{escape(topic)}[/bold]: {escape(text)}")
        if len(findings) > lines:
            console.print(f"  … and {len(findings) - lines} more (--json lists all)")
        if fix:
            console.print(f"    → {escape(fix)}")


def _list_protocols(found: Diagnosis) -> list[str]:
    """One line for the protocols that are as published, and one for each kind of the others."""
    good, other, lines = [], [], []
    for rules in found.protocols:
        if rules.note:
            lines.append(f"protocol {rules.protocol}: {rules.note}")
        elif rules.differences:
            other.append(rules.protocol)
        else:
            good.append(rules.protocol)
    if other and all(finding.topic != "protocols" for finding in found.problems):
        lines.insert(0, f"protocols that differ for that reason: {', '.join(other)}")
    if good:
        lines.insert(0, f"protocols as published: {', '.join(good)}")
    return lines


def _show_notes(console: Console, found: Diagnosis, lines: int, *, verbose: bool) -> None:
    from rich.markup import escape

    folded = []
    for (level, topic), findings in group_findings(found).items():
        if level != "note":
            continue
        if len(findings) == 1 and not findings[0].clip and not verbose:
            console.print(f"{escape(topic)}: {escape(findings[0].text)}")
            continue
        folded.append(f"{topic} {len(findings)}")
        if verbose:
            console.print(f"[bold]{escape(topic)}[/bold] ({len(findings)})")
            for finding in findings[:lines]:
                console.print(f"  {escape(' · '.join(filter(None, (finding.clip, finding.text))))}")
            if len(findings) > lines:
                console.print(f"  … and {len(findings) - lines} more (--json lists all)")
    if folded and not verbose:
        console.print(escape(f"known, and no mistake: {', '.join(folded)} (--verbose lists them)"))


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
