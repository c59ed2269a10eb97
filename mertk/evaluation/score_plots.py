"""Plots of scores and predictions, on matplotlib's axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import ParameterError
from mertk.evaluation import breakdowns, statistics, tables

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from mertk.evaluation.results import Results

_ROW = 0.32  # inches
_FLOOR = "0.55"


def plot_forest(results: Results, *, score: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the score of each model with its 95 % interval over the chance level.

    The best model is on top; the floors are grey and come last.

    Examples:
        >>> mertk.plots.plot_forest(results).get_xlabel()
        'UF1 with 95 % interval; shaded: chance level'

    Args:
        results: of one set of clips.
        score: one of the protocol's; default: its first.
        ax: what to draw on; default: a new figure.

    Raises:
        ParameterError: where the protocol has no such score.
    """
    score = score or results.main_score
    if score not in results.chance:
        raise ParameterError(f"there is no score '{score}'; known: {', '.join(results.chance)}")
    table = results.table().sort_values(["floor", score], ascending=[True, False])
    y = -np.arange(len(table))
    ax = ax or make_axes(6.4, 0.9 + _ROW * len(table))
    for floor, shade in ((False, "C0"), (True, _FLOOR)):
        rows = (table["floor"] == floor).to_numpy()
        if rows.any():
            draw_intervals(ax, table[rows], score, y[rows], color=shade)
    ax.axvspan(*results.chance[score], color="0.5", alpha=0.15, lw=0)
    ax.set_yticks(y, labels=table["model"].tolist())
    ax.set(
        xlim=(0, 1.02),
        ylim=(-len(table) + 0.4, 0.6),
        xlabel=f"{score} with 95 % interval; shaded: chance level",
    )
    ax.grid(axis="x", color="0.9")
    ax.set_axisbelow(True)
    return ax


def draw_intervals(ax: Axes, table: pd.DataFrame, score: str, y: ArrayLike, **style: Any) -> None:
    """Draw a score of `Results.table` with its interval, a row at each height."""
    bars = find_bars(table, score)
    ax.errorbar(table[score], y, xerr=bars, fmt="o", capsize=2, **style)


def find_bars(table: pd.DataFrame, score: str) -> list[pd.Series]:
    """How far the intervals of a score reach below and above it."""
    return [table[score] - table[f"{score}_low"], table[f"{score}_high"] - table[score]]


def plot_confusion(results: Results, model: str | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix: clips as numbers (mean over seeds), shaded by the share of a row.

    Examples:
        >>> mertk.plots.plot_confusion(results, "flow_ridge").get_ylabel()
        'true class'

    Args:
        results: of one set of clips, each with one label.
        model: its name, as in `Results.table`; default: the first.
        ax: what to draw on; default: a new figure.

    Raises:
        UnknownNameError: where no run has this name.
        ParameterError: where clips have several labels.
    """
    outcome = tables.find_outcome(results.outcomes, model)
    _refuse_labels(results, "a confusion matrix; `results.confusion()` has the counts by label")
    counts = outcome.confusion / len(outcome.confusions)
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax = ax or make_axes(1.6 + 0.7 * len(counts), 1.2 + 0.7 * len(counts))
    ax.imshow(rates, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        shade = "white" if rates[row, column] > 0.5 else "black"
        ax.text(column, row, f"{count:.3g}", ha="center", va="center", color=shade)
    places = range(len(counts))
    ax.set_xticks(places, labels=list(results.classes), rotation=30, ha="right")
    ax.set_yticks(places, labels=list(results.classes))
    ax.set(xlabel="predicted class", ylabel="true class", title=outcome.name)
    return ax


def plot_calibration(results: Results, model: str | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw accuracy against confidence, in ten bins; a calibrated model lies on the diagonal.

    Examples:
        >>> mertk.plots.plot_calibration(results, "flow_ridge").get_xlabel()
        'confidence: probability of the predicted class'

    Args:
        results: of one set of clips, each with one label.
        model: its name, as in `Results.table`; default: the first.
        ax: what to draw on; default: a new figure.

    Raises:
        UnknownNameError: where no run has this name.
        ParameterError: where clips have several labels.
    """
    outcome = tables.find_outcome(results.outcomes, model)
    _refuse_labels(results, "a calibration curve")
    points, gap = breakdowns.bin_confidence(outcome)
    ax = ax or make_axes(3.8, 3.8)
    ax.plot([0, 1], [0, 1], color="0.6", lw=1)
    ax.scatter(points["sure"], points["right"], s=500 * points["share"], alpha=0.7, color="C0")
    ax.set(
        xlim=(0, 1.02),
        ylim=(-0.02, 1.02),
        aspect="equal",
        xlabel="confidence: probability of the predicted class",
        ylabel="accuracy; area: share of clips",
        title=f"{outcome.name}: expected calibration error {gap:.3f}",
    )
    ax.title.set_fontsize("medium")
    return ax


def plot_subjects(results: Results, *, ax: Axes | None = None) -> Axes:
    """Draw the accuracy (F1 of several labels) of each model on each subject, the worst first.

    Examples:
        >>> mertk.plots.plot_subjects(results).get_ylabel()
        'accuracy'

    Args:
        results: of one set of clips.
        ax: what to draw on; default: a new figure.
    """
    shown = results.models or results.outcomes
    shares = np.stack([statistics.subject_shares(outcome.confusions) for outcome in shown])
    order = shares.mean(axis=0).argsort(kind="stable")
    names = np.array([person.partition("/")[2] for person in shown[0].subjects])[order]
    ax = ax or make_axes(1.6 + max(0.22 * len(names), 3.0), 3.2)
    places = np.arange(len(names))
    steps = np.linspace(-0.2, 0.2, len(shown)) if len(shown) > 1 else np.zeros(1)
    for outcome, values, step in zip(shown, shares, steps, strict=True):
        ax.plot(places + step, values[order], "o", ms=5, alpha=0.8, label=outcome.name)
    ax.set_xticks(places, labels=names.tolist(), rotation=90, fontsize="small")
    name = "F1" if results.multilabel else "accuracy"
    ax.set(xlim=(-0.6, len(names) - 0.4), ylim=(-0.04, 1.04), xlabel="subject", ylabel=name)
    ax.grid(axis="y", color="0.9")
    ax.legend(
        frameon=False, fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2
    )
    return ax


def _refuse_labels(results: Results, what: str) -> None:
    """Raise `ParameterError` where clips have several labels."""
    if results.multilabel:
        raise ParameterError(f"clips of these runs have several labels, which have no {what}")


def make_axes(width: float, height: float) -> Axes:
    """New axes, in inches, on a figure that a notebook shows."""
    from matplotlib import pyplot as plt

    _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    return ax
