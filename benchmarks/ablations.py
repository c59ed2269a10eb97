"""The ablations of Aouayeb et al. 2022 (their Tables 3, 5 and 6), and of the networks' input.

Run: python -m benchmarks.ablations [--seeds N] [--out FOLDER] [TABLE …]

Writes benchmarks/synthetic/ablations.md. The preset is `motion`, the motion that of the synthetic
set's default; docs/howto/ablations.md has the commands for real data. TABLE is any of 3, 5, 6 and
input; the ledger keeps what was run before.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import mertk

TABLES = {
    "input": ("Input of the networks", ("extractor.input=flow,difference,frames",)),
    "3": ("Patches of a region (Table 3)", ("extractor.patches=9,1,4,16",)),
    "5": (
        "Squeeze and excitation, spatial and temporal (Table 5)",
        ("fusion.0.se=squeeze,none", "fusion.3=lstm_se,lstm_concat"),
    ),
    "6": (
        "Labels of regions, or of the whole clip (Table 6)",
        ("fusion.0.region_labels=auto,none",),
    ),
}
TABLE = Path(__file__).parent / "synthetic" / "ablations.md"


def main() -> None:
    """Run the sweeps and write the page."""
    given = argparse.ArgumentParser()
    given.add_argument("tables", nargs="*", default=list(TABLES))
    given.add_argument("--seeds", type=int, default=3)
    given.add_argument("--out", default="runs/ablations")
    options = given.parse_args()
    lines = ["# Ablations of the reference model on synthetic clips", ""]
    chance = (0.0, 0.0)
    for name in options.tables:
        title, sweeps = TABLES[name]
        results = mertk.bench(
            ["cnn_lstm_se:motion"],
            sweeps=sweeps,
            seeds=range(options.seeds),
            floors=False,
            out=options.out,
        )
        chance = results.chance["UF1"]
        lines += [f"## {title}", "", *_format_table(results, sweeps), ""]
        print("\n".join(lines[-8:]), flush=True)
    lines.append(
        f"108 clips of 12 people at a peak motion of 1.5 px, preset `motion`, means of "
        f"{options.seeds} seeds, 95 % intervals\n(jackknife over subjects). The chance level is "
        f"UF1 {chance[0]:.3f}–{chance[1]:.3f}. The last columns compare each row with the first "
        "one:\npaired permutation test over subjects, p corrected for the rows of a table (Holm). "
        "The first row is always the\npreset as it is. `python -m benchmarks.ablations` makes this "
        "page.\n"
    )
    TABLE.write_text("\n".join(lines), encoding="utf-8")


def _format_table(results: mertk.Results, sweeps: tuple[str, ...]) -> list[str]:
    paths = [sweep.partition("=")[0] for sweep in sweeps]
    tests = {other: test for (_, other), test in results.comparisons().items()}
    head = [*paths, "UF1", "UAR", "difference of UF1", "p"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in results.sweep_table().to_dict("records"):
        scores = [_format_score(row, score) for score in ("UF1", "UAR")]
        test = tests.get(row["model"])
        compared = ["", ""]
        if test:
            # the first minus the other in the table, the other minus the first here
            shown = f"{-test.difference:+.3f} ({-test.high:+.3f} … {-test.low:+.3f})"
            compared = [shown, f"{test.corrected:.4f}"]
        cells = [*(str(row[path]) for path in paths), *scores, *compared]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _format_score(row: dict[str, Any], score: str) -> str:
    return f"{row[score]:.3f} ({row[f'{score}_low']:.3f}–{row[f'{score}_high']:.3f})"


if __name__ == "__main__":
    main()
