"""A comparison as one self-contained page, with its tables and figures as files beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mertk.report import figures, papers, sentences
from mertk.report.page import make_environment
from mertk.storage.atomic_files import write_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mertk.evaluation.comparison import Comparison

PAGE, LATEX, MARKDOWN, SCORES = "compare.html", "compare.tex", "compare.md", "compare-scores.svg"
FILES = (PAGE, LATEX, MARKDOWN, SCORES)
"""What is written always; figures of ranks as compare-ranks1.svg and so on as well."""


def write_comparison(comparisons: Sequence[Comparison], folder: Path) -> Path:
    """Write compare.html, .tex, .md and the figures as .svg; gives the page's path.

    Raises `StorageError` where one is there that mertk did not write: then none is written.
    """
    forest = figures.draw_forest_plot(comparisons)
    shown = [_describe_comparison(comparison) for comparison in comparisons]
    latex, markdown = papers.format_latex(comparisons), papers.format_markdown(comparisons)
    page = (
        make_environment()
        .get_template("compare.html.j2")
        .render(
            comparisons=shown,
            forest=forest,
            latex=latex,
            markdown=markdown,
            warnings=sorted(
                {
                    line
                    for one in comparisons
                    for line in (
                        *sentences.list_warnings(one.results),
                        *sentences.few_subjects(one.results),
                    )
                }
            ),
        )
    )
    texts = dict(zip(FILES, (page, latex, markdown, forest), strict=True))
    for at, one in enumerate(shown, 1):
        if one["ranks"]:
            texts[f"compare-ranks{at}.svg"] = one["ranks"]
    write_files(folder, texts)
    return folder / PAGE


def _describe_comparison(comparison: Comparison) -> dict[str, Any]:
    models = [one for one in comparison.results.outcomes if not one.is_floor]
    return {
        "title": comparison.title,
        "score": comparison.results.main_score,
        "ranks": figures.draw_rank_diagram(comparison) if comparison.tests else "",
        "tests": [(a, b, test) for (a, b), test in comparison.tests.items()],
        "first": models[0].name,
        "share": "F1 over all labels" if comparison.results.multilabel else "Accuracy",
        "pairs": [
            {
                "svg": figures.draw_paired_plot(models[0], one),
                "text": f"{models[0].name} and {one.name}",
            }
            for one in models[1:]
        ],
    }
