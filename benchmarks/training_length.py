"""UF1 of the reference model against the seconds that its training takes.

Run: python -m benchmarks.training_length [--seeds N]

Writes benchmarks/synthetic/training_length.md. The preset is `motion`; the epochs of both stages
are scaled together. Seconds are those of one core, without the features before the frontier, which
every row shares.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import mertk

EPOCHS = ((1, 4), (2, 8), (4, 15), (4, 30), (8, 30), (16, 60))
"""Epochs of stage 1 and of stage 2; the fourth pair is the preset."""
TABLE = Path(__file__).parent / "synthetic" / "training_length.md"


def main() -> None:
    """Run each length with fresh folds and write the table."""
    given = argparse.ArgumentParser()
    given.add_argument("--seeds", type=int, default=3)
    options = given.parse_args()
    lines = [
        "# UF1 of the reference model against training time",
        "",
        "| epochs of stage 1 | epochs of stage 2 | seconds of one core | UF1 |",
        "|---|---|---|---|",
    ]
    for stage1, stage2 in ((1, 1), *EPOCHS):  # the first one computes the shared features
        with TemporaryDirectory() as out:
            began = time.process_time()
            results = mertk.bench(
                "cnn_lstm_se:motion",
                sets=(("fusion.0.epochs", stage1), ("classifier.epochs", stage2)),
                seeds=range(options.seeds),
                floors=False,
                jobs=1,
                out=out,
            )
            seconds = (time.process_time() - began) / options.seeds
            row = results.table().to_dict("records")[0]
        print(stage1, stage2, f"{seconds:.0f} s", f"{row['UF1']:.3f}", flush=True)
        if (stage1, stage2) in EPOCHS:
            lines.append(
                f"| {stage1} | {stage2} | {seconds:.0f} | {row['UF1']:.3f} "
                f"({row['UF1_low']:.3f}–{row['UF1_high']:.3f}) |"
            )
    lines.append(
        f"\nLOSO of 108 synthetic clips of 12 people at 1.5 px; CPU seconds of one run, UF1 as the "
        f"mean of {options.seeds} seeds\nwith its 95 % interval (jackknife over subjects). The "
        "preset has 4 and 30 epochs, which were chosen on other\nsynthetic people; rows of this "
        "table were seen before that choice. `python -m benchmarks.training_length` makes this "
        "page.\n"
    )
    TABLE.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
