"""Tables on a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mertk.core.printing import text_console

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console
    from rich.table import Table


def make_table(
    title: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]] = (),
    *,
    texts: int = 1,
    width: int | None = 8,
) -> Table:
    """A table whose first `texts` columns are text, and the others numbers.

    `width` is the least width of the first column. Text that is too long is folded.
    """
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    for at, name in enumerate(head):
        if at < texts:
            least = (14 if name == "model" else None) if at else width
            table.add_column(name, overflow="fold", min_width=least)
        else:
            table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def print_lines(lines: Iterable[str], console: Console | None = None) -> None:
    """Print sentences, each on a line of its own, on standard output."""
    console = console or text_console()
    for line in lines:
        console.print(line)


def name_intervals(scores: Iterable[str]) -> list[str]:
    """The heads of columns of scores with intervals."""
    return [f"{name}\n95 % interval" for name in scores]


def format_interval(row: Mapping[Any, Any], name: str, missing: str = "–") -> str:
    """A score and its interval below it, as `Results.table` has them; `missing` without a score."""
    if math.isnan(row.get(name, math.nan)):
        return missing
    low, high = row.get(f"{name}_low", math.nan), row.get(f"{name}_high", math.nan)
    return f"{row[name]:.3f}" + ("" if math.isnan(low) else f"\n{low:.3f}–{high:.3f}")
