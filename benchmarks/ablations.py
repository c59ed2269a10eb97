"""The ablations of Aouayeb et al. 2022 (their Tables 3, 5 and 6) on synthetic clips.

Run: python -m benchmarks.ablations [--subjects N] [--clips N] [--out FOLDER]

Writes benchmarks/synthetic/ablations.md. The preset is `quick`; docs/howto/ablations.md has the
commands for real data.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import mertk

TABLES = {
    "Patches of a region (Table 3)": ("extractor.patches=4,9,16",),
    "Squeeze and excitation, spatial and temporal (Table 5)": (
        "fusion.0.se=squeeze,none",
        "fusion.3=lstm_se,lstm_concat",
    ),
    "Labels of regions, or of the whole clip (Table 6)": ("fusion.0.region_labels=auto,none",),
}
AMPLITUDE = 6.0
TABLE = Path(__file__).parent / "synthetic" / "ablations.md"


def main() -> None:
    """Run the three sweeps; the ledger keeps what was run before."""
    given = argparse.ArgumentParser()
    given.add_argument("--subjects", type=int, default=6)
    given.add_argument("--clips", type=int, default=6)
    given.add_argument("--out", default="runs/ablations")
    options = given.parse_args()
    use = mertk.Use(
        "synthetic", amplitude=AMPLITUDE, subjects=options.subjects, clips=options.clips
    )
    lines = ["# The reference model's ablations on synthetic clips", ""]
    scores: list[float] = []
    low, high = 0.0, 0.0
    for title, sweeps in TABLES.items():
        results = mertk.bench(
            ["cnn_lstm_se"], dataset=use, sweeps=sweeps, floors=False, out=options.out
        )
        low, high = results.chance["UF1"]
        scores += results.sweep_table()["UF1"].tolist()
        lines += [f"## {title}", "", *_table(results, [s.partition("=")[0] for s in sweeps]), ""]
    clips = options.subjects * options.clips
    lines.append(
        f"{clips} clips of {options.subjects} people at a peak motion of {AMPLITUDE:g} px, preset "
        "`quick`, seed 0, with\n95 % intervals (jackknife over subjects). The chance level is UF1 "
        f"{low:.3f}–{high:.3f}: {sum(score > high for score in scores)} of {len(scores)} rows\n"
        "score above it. `python -m benchmarks.ablations` makes this page.\n"
    )
    TABLE.write_text("\n".join(lines), encoding="utf-8")


def _table(results: mertk.Results, paths: list[str]) -> list[str]:
    scores = ("UF1", "UAR", "accuracy")
    lines = [f"| {' | '.join((*paths, *scores))} |", "|---" * (len(paths) + len(scores)) + "|"]
    for row in results.sweep_table().to_dict("records"):
        cells = [f"{row[s]:.3f} ({row[f'{s}_low']:.3f}–{row[f'{s}_high']:.3f})" for s in scores]
        lines.append(f"| {' | '.join((*(row[path] for path in paths), *cells))} |")
    return lines


if __name__ == "__main__":
    main()
