"""A comparison as tables for a paper (LaTeX and Markdown) and as one self-contained page."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mertk.core.escaping import latex_text, markdown_text
from mertk.evaluation.comparison import Comparison
from mertk.report import figures, sentences, verdict
from mertk.report.page import describe_header, make_environment
from mertk.report.short_names import shorten_comparison
from mertk.storage.atomic_files import write_files

PAGE, LATEX, MARKDOWN, SCORES = "compare.html", "compare.tex", "compare.md", "compare-scores.svg"
FILES = (PAGE, LATEX, MARKDOWN, SCORES)
"""What is written always; figures of ranks as compare-ranks1.svg and so on as well."""

NOTE = (
    "Pooled over folds, with 95 % intervals over subjects (jackknife). Bold: best score; *: not "
    "significantly different from it (paired permutation over subjects, Holm over all pairs)."
)


def write_comparison(comparisons: Sequence[Comparison], folder: Path) -> Path:
    """Write compare.html, .tex, .md and the figures as .svg; gives the page's path.

    Raises `StorageError` where one is there that mertk did not write: then none is written.
    """
    comparisons = list(map(shorten_comparison, comparisons))
    shown = list(map(_describe_comparison, comparisons))
    forest = figures.draw_forest_plot(comparisons)
    latex, markdown = format_latex(comparisons), format_markdown(comparisons)
    warnings: set[str] = set()
    for one in comparisons:
        warnings.update(sentences.list_warnings(one.results), sentences.few_subjects(one.results))
    page = (
        make_environment()
        .get_template("compare.html.j2")
        .render(
            comparisons=shown,
            facts=_describe_header(comparisons),
            latex=latex,
            markdown=markdown,
            warnings=sorted(warnings),
        )
    )
    texts = dict(zip(FILES, (page, latex, markdown, forest), strict=True))
    for at, description in enumerate(shown, 1):
        if description["ranks"]:
            texts[f"compare-ranks{at}.svg"] = description["ranks"]
    write_files(folder, texts)
    return folder / PAGE


def _describe_comparison(comparison: Comparison) -> dict[str, Any]:
    first, *others = comparison.results.models
    return {
        "title": comparison.title,
        "score": comparison.results.main_score,
        "chance": comparison.results.chance[comparison.results.main_score],
        "lines": verdict.list_score_lines(comparison.results),
        "verdicts": verdict.list_verdicts(comparison.results, comparison.tests),
        "ranks": figures.draw_rank_diagram(comparison) if comparison.tests else "",
        "tests": comparison.tests,
        "first": first.name,
        "share": "F1 over all labels" if comparison.results.multilabel else "Accuracy",
        "pairs": {one.name: figures.draw_paired_plot(first, one) for one in others},
    }


def _describe_header(comparisons: Sequence[Comparison]) -> dict[str, str]:
    """Models, data set, protocol, date and version: those of all sets of clips together."""
    found: dict[str, dict[str, None]] = {}
    for one in comparisons:
        for name, text in describe_header(one.results).items():
            found.setdefault(name, {})[text] = None
    return {name: "; ".join(texts) for name, texts in found.items()}


def format_markdown(comparisons: Sequence[Comparison]) -> str:
    """A table for each set of clips."""
    parts = []
    for comparison in map(shorten_comparison, comparisons):
        head, *rows = _list_cells(comparison, bold="**{}**".format, escape=markdown_text)
        lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        parts.append(f"**{markdown_text(comparison.title)}**\n\n{table}")
    return "\n\n".join([*parts, *_list_notes(comparisons)]) + "\n"


def format_latex(comparisons: Sequence[Comparison]) -> str:
    """A `tabular` for each set of clips; needs the package booktabs."""
    parts = []
    for comparison in map(shorten_comparison, comparisons):
        head, *rows = _list_cells(comparison, bold="\\textbf{{{}}}".format, escape=latex_text)
        body = "\n".join(f"  {' & '.join(row)} \\\\" for row in rows)
        title = " ".join(comparison.title.split())  # a line break would end the comment
        parts.append(
            f"% {title}\n\\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}\n  \\toprule\n"
            f"  {' & '.join(head)} \\\\\n  \\midrule\n{body}\n  \\bottomrule\n\\end{{tabular}}"
        )
    return "\n\n".join([*parts, *map("% {}".format, _list_notes(comparisons))]) + "\n"


def _list_notes(comparisons: Sequence[Comparison]) -> list[str]:
    """What the tables are, and which intervals have too low a coverage."""
    notes = {NOTE: None}
    for one in comparisons:
        notes |= dict.fromkeys(sentences.few_subjects(one.results))
    return list(notes)


def _list_cells(
    comparison: Comparison, *, bold: Callable[[str], str], escape: Callable[[str], str]
) -> Iterator[list[str]]:
    """The head, then a line a model, the best first."""
    results = comparison.results
    scores = list(results.chance)
    table = results.table()
    models = table[~table["floor"]].sort_values(results.main_score, ascending=False)
    best = models["model"].iloc[0]
    yield ["model", *map(escape, scores), "rank"]
    for row in models.to_dict("records"):
        name = row["model"]
        equal = name != best and comparison.same(best, name)
        cells = [
            f"{row[score]:.3f} ({row[f'{score}_low']:.3f}–{row[f'{score}_high']:.3f})"
            for score in scores
        ]
        cells[0] = bold(cells[0]) if name == best else f"{cells[0]}{'*' * equal}"
        yield [escape(name), *cells, f"{comparison.ranks[name]:.2f}"]
