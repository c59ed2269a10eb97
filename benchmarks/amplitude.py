"""Scores against the size of the motion, and whether the reference model learns at all.

Run: python -m benchmarks.amplitude [AMPLITUDE …]    (default: 0 1 2 4 6)

Writes benchmarks/synthetic/amplitude.md. Everything runs on the synthetic set with its other
settings at their defaults.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import mertk

MODELS = ("cnn_lstm_se", "lbptop", "biwoof", "flow_svm", "ststnet")
TABLE = Path(__file__).parent / "synthetic" / "amplitude.md"


def main() -> None:
    """Bench every model at every amplitude; the ledger keeps what was run before."""
    amplitudes = [float(text) for text in sys.argv[1:]] or [0.0, 1.0, 2.0, 4.0, 6.0]
    rows, chance = [], (0.0, 0.0)
    for amplitude in amplitudes:
        results = mertk.bench(
            MODELS, dataset=mertk.Use("synthetic", amplitude=amplitude), floors=False
        )
        chance = results.chance["UF1"]
        rows.append(_row(amplitude, results.table().to_dict("records")))
        print(rows[-1], flush=True)
    head = " | ".join(["peak motion, px", *MODELS])
    lines = [f"| {head} |", "|---" * (len(MODELS) + 1) + "|", *rows]
    note = (
        "UF1 with its 95 % interval (jackknife over 12 subjects; 108 clips, seed 0), preset "
        f"`quick` where a model has one. The chance level is {chance[0]:.3f}–{chance[1]:.3f}.\n"
        "`python -m benchmarks.amplitude` makes this table."
    )
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join(["# Score against motion", "", *lines, "", note, ""]))


def _row(amplitude: float, table: list[dict[str, Any]]) -> str:
    cells = [f"{r['UF1']:.3f} ({r['UF1_low']:.3f}–{r['UF1_high']:.3f})" for r in table]
    return f"| {amplitude:g} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
