"""A spotter that learns beside those that do not, leave one subject out, on synthetic videos.

Run: python -m benchmarks.learned_spotting [SPOTTER …] [--videos N] [--seed N]
(default: all four, 8 videos of 8 people, seed 0)

Writes benchmarks/synthetic/learned_spotting.md. Choices were made on seed 100.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2

import mertk
from mertk.spotting.interval_analysis import compare_files
from mertk.spotting.scored_intervals import score_intervals
from mertk.spotting.search import search_videos

AMPLITUDES = (3.0, 1.5, 0.75)
SPOTTERS = ("flow_peaks", "lbp_chi2", "flow_windows", "softnet")
TABLE = Path(__file__).parent / "synthetic" / "learned_spotting.md"

NOTE = """\
`synthetic_long:seed={seed},videos={videos}`: videos of 40 s, one a person, with 5 micro- and 3
macro-expressions each, 30 frames a second, 256x256. F1 one to one, IoU ≥ 0.5, both kinds added up,
with 95 % intervals over subjects (jackknife). p: paired permutation of whole subjects against
`flow_peaks`, corrected for all pairs (Holm). `flow_windows` and `softnet` are fitted for each
person on the other {others}; thresholds are chosen on them. Choices were made on `seed=100`,
which is not the reported seed. Faces of both seeds move by the same formulas, so these are scores
of a bench, not of real videos. `python -m benchmarks.learned_spotting` makes this table."""


def main() -> None:
    """Search all videos, and write the table."""
    given = argparse.ArgumentParser()
    given.add_argument("spotters", nargs="*")
    given.add_argument("--videos", type=int, default=8)
    given.add_argument("--seed", type=int, default=0)
    options = given.parse_args()
    cv2.setNumThreads(1)
    lines = ["| spotter | peak motion | F1 | micro | macro | p |", "|---|---|---|---|---|---|"]
    for amplitude in AMPLITUDES:
        dataset = mertk.Use(
            "synthetic_long", seed=options.seed, videos=options.videos, amplitude=amplitude
        )
        found = search_videos(options.spotters or SPOTTERS, dataset)
        files = []
        for outcome in found.outcomes:
            spots = [one.interval for one in outcome.finds]
            files.append(score_intervals(found.truths, spots, name=outcome.spotter.name))
        tests = compare_files(files)
        for outcome, scored in zip(found.outcomes, files, strict=True):
            rules = scored.spotting["one_to_one"]
            parts = {"overall": rules.overall, **rules.by_kind}
            cells = [str(outcome.spotter), f"{amplitude:g} px"]
            for part in ("overall", "micro", "macro"):
                low, high = scored.ends[part]
                cells.append(f"{parts[part].f1:.2f} ({low:.2f}–{high:.2f})")
            test = tests.get(("flow_peaks", scored.name))
            cells.append(f"{test.corrected:.4f}" if test else "–")
            lines.append(f"| {' | '.join(cells)} |")
            print(lines[-1], flush=True)
    note = NOTE.format(seed=options.seed, videos=options.videos, others=options.videos - 1)
    TABLE.write_text("\n".join(["# Spotters that learn", "", *lines, "", note, ""]))


if __name__ == "__main__":
    main()
