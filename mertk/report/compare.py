"""A comparison as one self-contained page, with its tables and figures as files beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mertk.files import write_text
from mertk.report import figures, html, papers, tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mertk.report.versus import Comparison


def write(comparisons: Sequence[Comparison], folder: Path) -> Path:
    """Write compare.html, .tex, .md and the figures as .svg; gives the page's path."""
    forest = figures.forest(comparisons)
    shown = [_shown(comparison) for comparison in comparisons]
    latex, markdown = papers.latex(comparisons), papers.markdown(comparisons)
    page = html.environment().get_template("compare.html.j2").render(
        comparisons=shown, forest=forest, latex=latex, markdown=markdown,
        warnings=sorted({
            line for one in comparisons
            for line in (*tables.warnings(one.results), *tables.few_subjects(one.results))
        }),
    )  # fmt: skip
    write_text(folder / "compare.tex", latex)
    write_text(folder / "compare.md", markdown)
    write_text(folder / "compare-scores.svg", forest)
    for at, one in enumerate(shown, 1):
        if one["ranks"]:
            write_text(folder / f"compare-ranks{at}.svg", one["ranks"])
    write_text(folder / "compare.html", page)
    return folder / "compare.html"


def _shown(comparison: Comparison) -> dict[str, Any]:
    models = [one for one in comparison.results.outcomes if not one.is_floor]
    return {
        "title": comparison.title,
        "score": comparison.results.main_score,
        "ranks": figures.ranks(comparison) if comparison.tests else "",
        "tests": [(a, b, test) for (a, b), test in comparison.tests.items()],
        "first": models[0].name,
        "pairs": [
            {"svg": figures.pair(models[0], one), "text": f"{models[0].name} and {one.name}"}
            for one in models[1:]
        ],
    }
