"""The reference model over the size of the motion: frames or flow, strict or in its authors' order.

Run: python -m benchmarks.reference_model [--out FOLDER]

Writes benchmarks/synthetic/reference_model.md and docs/assets/reference_model.svg. The ledger keeps
what was run before. `frames` is the preset `quick`, `flow` the preset `motion`; `lbptop` stands
beside them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import matplotlib as mpl

import mertk

AMPLITUDES = (0.0, 0.75, 1.0, 1.5, 3.0, 6.0)
PRESETS = {
    "motion": ("flow", 3, AMPLITUDES),
    "quick": ("frames", 1, (0.0, 0.75, 1.5, 6.0)),  # takes the longest, and hardly changes
}
"""By preset: what the networks are shown, the number of seeds, and the motions."""
TABLE = Path(__file__).parent / "synthetic" / "reference_model.md"
PICTURE = Path(__file__).parents[1] / "docs" / "assets" / "reference_model.svg"

Row = dict[str, Any]


def main() -> None:
    """Run what is missing, write the table and draw it."""
    given = argparse.ArgumentParser()
    given.add_argument("--out", default="runs/reference_model")
    options = given.parse_args()
    curves: dict[str, dict[float, Row]] = {}
    chance, tests = (0.0, 0.0), {}
    for preset, (shown, seeds, amplitudes) in PRESETS.items():
        for amplitude in amplitudes:
            results = mertk.bench(
                [f"cnn_lstm_se:{preset}", "lbptop"],
                dataset=mertk.Use("synthetic", amplitude=amplitude),
                seeds=range(seeds),
                replay="authors",
                floors=False,
                out=options.out,
            )
            strict, lbptop = results.table().to_dict("records")
            leaked = results.leaked_table().to_dict("records")[0]
            curves.setdefault(f"{shown}, strict", {})[amplitude] = strict
            curves.setdefault(f"{shown}, authors' order (leaks)", {})[amplitude] = leaked
            curves.setdefault("lbptop", {})[amplitude] = lbptop
            chance = results.chance["UF1"]
            if preset == "motion":
                tests[amplitude] = next(iter(results.comparisons().values()))
            print(
                f"{amplitude:g} px, {shown}: {strict['UF1']:.3f}, leaked {leaked['UF1']:.3f}",
                flush=True,
            )
    TABLE.write_text(_format_page(curves, tests, chance), encoding="utf-8")
    _draw(curves, chance)


def _format_page(curves: dict[str, dict[float, Row]], tests: dict[float, Any], chance: Any) -> str:
    names = list(curves)
    head = ["peak motion, px", *names, "flow, strict − lbptop"]
    lines = ["# The reference model against motion", "", f"| {' | '.join(head)} |"]
    lines.append("|---" * len(head) + "|")
    for amplitude, test in tests.items():
        cells = []
        for name in names:
            row = curves[name].get(amplitude)
            cells.append(
                f"{row['UF1']:.3f} ({row['UF1_low']:.3f}–{row['UF1_high']:.3f})" if row else ""
            )
        cells.append(f"{test.difference:+.3f} ({test.low:+.3f} … {test.high:+.3f}), p {test.p:.4f}")
        lines.append(f"| {amplitude:g} | {' | '.join(cells)} |")
    lines.append(
        "\nUF1 with its 95 % interval (jackknife over 12 subjects; 108 clips). `frames` is the "
        "preset `quick` of\n`cnn_lstm_se`, the input of the paper, with one seed; `flow` is the "
        "preset `motion`, means of 3 seeds.\nThe last column is a paired permutation test over "
        f"subjects. The chance level is {chance[0]:.3f}–{chance[1]:.3f}.\n\n"
        "![UF1 over the peak motion](../assets/reference_model.svg)\n\n"
        "`python -m benchmarks.reference_model` makes this page.\n"
    )
    return "\n".join(lines)


def _draw(curves: dict[str, dict[float, Row]], chance: Any) -> None:
    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "mertk", "font.size": 9})
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    axes.axhspan(*chance, color="0.9", label="chance level")
    styles = {"frames": "C1", "flow": "C0", "lbptop": "0.4"}
    for name, curve in curves.items():
        motion = list(curve)
        scores = [row["UF1"] for row in curve.values()]
        below = [row["UF1"] - row["UF1_low"] for row in curve.values()]
        above = [row["UF1_high"] - row["UF1"] for row in curve.values()]
        axes.errorbar(
            motion,
            scores,
            yerr=[below, above],
            capsize=2,
            marker="o",
            markersize=4,
            label=name,
            color=styles[name.partition(",")[0]],
            linestyle="--" if "leaks" in name else "-",
        )
    axes.set(xlabel="peak motion, pixels of 256", ylabel="UF1", ylim=(0, 1.02))
    axes.legend(loc="lower right", fontsize=8)
    figure.savefig(PICTURE, metadata={"Date": None})


if __name__ == "__main__":
    main()
