"""Which method sees the smallest motion: UF1 over the peak motion, a panel a method.

Run: python -m benchmarks.curves

Draws what `python -m benchmarks.methods` has measured, into benchmarks/synthetic/curves.svg. The
panels go by the motion at which a method reaches `SEEN`, the middle between chance level and 1.
"""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from mertk.report import reference_pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    Curve = list[tuple[float, Any]]

PICTURE = Path(__file__).parent / "synthetic" / "curves.svg"
SEEN = 2 / 3
GUESSING = (0.249, 0.426)
"""The chance level on the default set of 108 clips."""
COLUMNS = 6


def main() -> None:
    """Draw, and print the order."""
    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "mertk", "font.size": 8})
    curves = dict(sorted(_curves().items(), key=lambda one: (threshold(one[1]), one[0])))
    for model, curve in curves.items():
        print(f"{model:<16} {_shown(threshold(curve))}")
    _draw(curves)


def _curves() -> dict[str, Curve]:
    found: dict[str, Curve] = {}
    for one in reference_pages.read_measured_scores().itertuples(index=False):
        use, _, amplitude = one.dataset.partition("amplitude=")
        if one.score == "UF1" and use == "synthetic:":
            found.setdefault(one.model, []).append((float(amplitude), one))
    return {model: sorted(curve, key=lambda point: point[0]) for model, curve in found.items()}


def threshold(curve: Curve) -> float:
    """The least motion in pixels with a UF1 of `SEEN`, between two points; infinity: at none."""
    points = [(amplitude, float(one.value)) for amplitude, one in curve]
    if points[0][1] >= SEEN:
        return points[0][0]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if y0 < SEEN <= y1:
            return x0 + (x1 - x0) * (SEEN - y0) / (y1 - y0)
    return math.inf


def _shown(motion: float) -> str:
    return "not seen" if math.isinf(motion) else f"seen from {motion:.2f} px"


def _draw(curves: dict[str, Curve]) -> None:
    from matplotlib import pyplot as plt

    rows = math.ceil(len(curves) / COLUMNS)
    size = (1.9 * COLUMNS, 1.5 * rows)
    figure, panels = plt.subplots(
        rows, COLUMNS, figsize=size, sharex=True, sharey=True, layout="constrained", squeeze=False
    )
    flat: Sequence[Axes] = list(panels.flat)
    for panel, (model, curve) in zip(flat, curves.items(), strict=False):
        _panel(panel, model, curve)
    for panel in flat[len(curves) :]:
        panel.set_axis_off()
    figure.supxlabel("peak motion in pixels of 256")
    figure.supylabel("UF1 with its 95 % interval")
    figure.savefig(PICTURE, metadata={"Date": None})


def _panel(panel: Axes, model: str, curve: Curve) -> None:
    motion = [amplitude for amplitude, _ in curve]
    values = np.array([[float(one.value), float(one.low), float(one.high)] for _, one in curve])
    panel.axhspan(*GUESSING, color="0.9", lw=0)
    panel.axhline(SEEN, color="0.7", lw=0.6, ls=":")
    panel.fill_between(motion, values[:, 1], values[:, 2], color="C0", alpha=0.25, lw=0)
    panel.plot(motion, values[:, 0], "o-", color="C0", ms=3, lw=1)
    panel.set(ylim=(0, 1.02), xlim=(-0.1, 3.1), xticks=[0, 0.75, 1.5, 3])
    panel.set_title(f"{model}\n{_shown(threshold(curve))}", fontsize=8)


if __name__ == "__main__":
    main()
