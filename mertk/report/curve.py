"""The score against a swept number, such as the jitter of key frames, as a small picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mertk.report.figures import render_svg

if TYPE_CHECKING:
    from mertk.evaluation.results import Results


def draw_curve(results: Results) -> str:
    """An SVG of the main score, its intervals and chance level; empty unless a number is swept."""
    rows = results.sweep_table().to_dict("records")
    paths = list(next(iter(results.swept.values()), ()))
    if len(paths) != 1 or len(rows) < 2 or not all(_is_number(row[paths[0]]) for row in rows):
        return ""
    from matplotlib.figure import Figure

    name, low, high = results.main_score, *results.chance[results.main_score]
    at = [float(row[paths[0]]) for row in rows]
    scores = [row[name] for row in rows]
    around = [
        [row[name] - row[f"{name}_low"] for row in rows],
        [row[f"{name}_high"] - row[name] for row in rows],
    ]
    figure = Figure(figsize=(5.2, 2.8), layout="constrained")
    axes = figure.subplots()
    axes.axhspan(low, high, color="0.85", label="chance level (95 %)")
    axes.errorbar(at, scores, around, fmt="o-", capsize=3, label="95 % interval")
    axes.set(xlabel=paths[0], ylabel=name, ylim=(0, 1))
    axes.legend(frameon=False, fontsize="small")
    return render_svg(figure)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
