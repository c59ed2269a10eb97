"""Figures of a comparison and of a sweep, each as the text of an SVG."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import numpy as np

from mertk.evaluation import score_plots, statistics
from mertk.evaluation.tables import list_sweep_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mertk.evaluation.comparison import Comparison
    from mertk.evaluation.outcomes import Outcome
    from mertk.evaluation.results import Results


def _render_svg(figure: Figure) -> str:
    """A figure as SVG that is the same text each time, for a page or a file of its own."""
    from matplotlib import rc_context

    out = io.StringIO()
    with rc_context({"svg.hashsalt": "mertk", "svg.fonttype": "none"}):
        figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def draw_rank_diagram(comparison: Comparison) -> str:
    """A critical-difference diagram: mean ranks over subjects.

    A bar joins models that do not differ significantly. After Demšar 2006, with the paired
    permutation tests of the table instead of Nemenyi's.
    """
    figure, axes = _make_axes(
        6.4, 0.6 + 0.3 * len(comparison.ranks) + 0.18 * len(comparison.cliques)
    )
    names = sorted(comparison.ranks, key=comparison.ranks.__getitem__)
    for row, name in enumerate(names):
        rank = comparison.ranks[name]
        axes.plot([rank, rank, len(names) + 0.1], [0, -row - 1, -row - 1], color="0.5", lw=0.8)
        axes.plot(rank, 0, "o", color="C0")
        text = f"{wrap_name(name)}  {rank:.2f}"
        axes.text(len(names) + 0.15, -row - 1, text, va="center", fontsize=8, linespacing=0.9)
    for at, clique in enumerate(comparison.cliques):
        ends = [comparison.ranks[clique[0]] - 0.04, comparison.ranks[clique[-1]] + 0.04]
        axes.plot(ends, [0.5 + 0.4 * at] * 2, color="C3", lw=3, solid_capstyle="butt")
    ranks = range(1, len(names) + 1)
    axes.set(xlim=(1, len(names) + _find_room(names, len(ranks))), xticks=ranks, yticks=[])
    axes.xaxis.tick_top()
    for side in ("left", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["top"].set_bounds(1, len(names))
    axes.set_xlabel("mean rank over subjects (1 is best)", fontsize=9)
    axes.xaxis.set_label_position("top")
    return _render_svg(figure)


def draw_forest_plot(comparisons: Sequence[Comparison]) -> str:
    """Scores with intervals by model and set of clips, and the chance level there."""
    import pandas as pd

    names = list(dict.fromkeys(name for one in comparisons for name in one.ranks))
    step = len(comparisons) + 0.6
    figure, axes = _make_axes(6.4, 1.0 + 0.24 * len(names) * len(comparisons) + 0.1 * len(names))
    for at, comparison in enumerate(comparisons):
        table = comparison.results.table().set_index("model")
        table = table[table.index.isin(names)]
        y = -(pd.Index(names).get_indexer(table.index) * step + at)
        score = comparison.results.main_score
        score_plots.draw_intervals(axes, table, score, y, color=f"C{at}", label=comparison.title)
        axes.axvspan(*comparison.results.chance[score], color=f"C{at}", alpha=0.08, lw=0)
    middle = (len(comparisons) - 1) / 2
    axes.set_yticks(-(np.arange(len(names)) * step + middle), labels=map(wrap_name, names))
    axes.tick_params(axis="y", labelsize=8)
    axes.set(
        xlim=(0, 1.02),
        xlabel=f"{comparisons[0].results.main_score}, 95 % interval; shaded: chance level",
    )
    axes.grid(axis="x", color="0.9")
    axes.legend(
        frameon=False,
        fontsize=8,
        loc="upper center",
        bbox_to_anchor=(0.4, -0.25 / max(0.3 * len(names) * len(comparisons), 1) - 0.12),
    )
    return _render_svg(figure)


def draw_paired_plot(first: Outcome, other: Outcome) -> str:
    """Accuracy (multi-label: F1) of each subject under two models, joined by a line."""
    figure, axes = _make_axes(2.6, 3.0)
    a, b = statistics.subject_shares(first.confusions), statistics.subject_shares(other.confusions)
    for one, two in zip(a, b, strict=True):
        colour = "0.6" if one == two else "C0" if one > two else "C3"
        axes.plot([0, 1], [one, two], "o-", color=colour, ms=3, lw=0.9, alpha=0.7)
    name = "F1" if first.run.multilabel else "accuracy"
    axes.set(xlim=(-0.25, 1.25), ylim=(-0.04, 1.04), ylabel=name)
    axes.set_xticks([0, 1], labels=[wrap_name(first.name, 14), wrap_name(other.name, 14)])
    axes.set_xlabel("model", fontsize=8)
    axes.tick_params(labelsize=8)
    return _render_svg(figure)


def draw_curve(results: Results) -> str:
    """The main score against a swept number, with the chance level; empty unless one is swept."""
    import pandas as pd

    table, paths = results.sweep_table(), list_sweep_paths(results.swept)
    if len(paths) != 1 or len(table) < 2:
        return ""
    numbers = pd.to_numeric(table[paths[0]], errors="coerce")
    if numbers.isna().any():
        return ""
    score = results.main_score
    figure, axes = _make_axes(5.2, 2.8)
    axes.axhspan(*results.chance[score], color="0.85", label="chance level (95 %)")
    bars = score_plots.find_bars(table, score)
    axes.errorbar(numbers, table[score], bars, fmt="o-", capsize=3, label="95 % interval")
    axes.set(xlabel=paths[0], ylabel=score, ylim=(0, 1))
    axes.legend(frameon=False, fontsize="small")
    return _render_svg(figure)


def wrap_name(name: str, width: int = 28) -> str:
    """A name in lines of about `width` characters, broken before signs that join its parts."""
    lines = [""]
    for part in re.findall(r"[^\w…]*_?[^\W_]*…?", name):
        if lines[-1].strip() and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(map(str.strip, lines))


def _find_room(names: Sequence[str], ranks: int) -> float:
    """How many ranks the longest line of the names and ranks takes in a rank diagram."""
    longest = max(len(line) for name in names for line in wrap_name(name).split("\n"))
    inches = 0.5 + 0.068 * longest
    return 0.2 + (ranks - 1) * inches / (6.2 - inches)


def _make_axes(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes: Axes = figure.subplots()
    return figure, axes
