"""The scores of a comparison as tables for a paper: LaTeX and Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mertk.core.escaping import latex_text, markdown_text
from mertk.report import sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mertk.evaluation.comparison import Comparison

NOTE = (
    "Pooled over folds, with 95 % intervals over subjects (jackknife). Bold: best score; *: not "
    "significantly different from it (paired permutation over subjects, Holm over all pairs)."
)


def format_markdown(comparisons: Sequence[Comparison]) -> str:
    """A table for each set of clips."""
    parts = []
    for comparison in comparisons:
        head, *rows = _list_cells(comparison, bold="**{}**".format, escape=markdown_text)
        lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        parts.append(f"**{markdown_text(comparison.title)}**\n\n{table}")
    return "\n\n".join([*parts, *_list_notes(comparisons)]) + "\n"


def format_latex(comparisons: Sequence[Comparison]) -> str:
    """A `tabular` for each set of clips; needs the package booktabs."""
    parts = []
    for comparison in comparisons:
        head, *rows = _list_cells(comparison, bold="\\textbf{{{}}}".format, escape=latex_text)
        body = "\n".join(f"  {' & '.join(row)} \\\\" for row in rows)
        title = " ".join(comparison.title.split())  # a line break would end the comment
        parts.append(
            f"% {title}\n\\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}\n  \\toprule\n"
            f"  {' & '.join(head)} \\\\\n  \\midrule\n{body}\n  \\bottomrule\n\\end{{tabular}}"
        )
    return "\n\n".join([*parts, *(f"% {note}" for note in _list_notes(comparisons))]) + "\n"


def _list_notes(comparisons: Sequence[Comparison]) -> list[str]:
    """What the tables are, and which intervals cover less than they say."""
    few = [line for one in comparisons for line in sentences.few_subjects(one.results)]
    return [NOTE, *dict.fromkeys(few)]


def _list_cells(
    comparison: Comparison, *, bold: Callable[[str], str], escape: Callable[[str], str]
) -> Iterator[list[str]]:
    """The head, then a line a model, the best first."""
    results = comparison.results
    scores = list(results.chance)
    table = results.table()
    models = table[~table["floor"]].sort_values(results.main_score, ascending=False)
    best = models["model"].iloc[0]
    yield ["model", *(escape(name) for name in scores), "rank"]
    for row in models.to_dict("records"):
        name = row["model"]
        equal = name != best and comparison.same(best, name)
        cells = [
            f"{row[score]:.3f} ({row[f'{score}_low']:.3f}–{row[f'{score}_high']:.3f})"
            for score in scores
        ]
        cells[0] = bold(cells[0]) if name == best else f"{cells[0]}{'*' * equal}"
        yield [escape(name), *cells, f"{comparison.ranks[name]:.2f}"]
