"""Spotters on long synthetic videos: right, wrong, by chance, and how fast.

Run: python -m benchmarks.spotting [SPOTTER …] [--seeds N] [--videos N]
(default: all spotters, 3 seeds, 2 videos of 40 seconds each)

Writes benchmarks/synthetic/spotting.md. At 0 px nothing is to be found, and every spot is a false
alarm. On one thread.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import mertk
from mertk.spotting import checked_spots, scoring
from mertk.spotting.recordings import Recording, find_recordings
from mertk.spotting.scoring import Interval

AMPLITUDES = (3.0, 1.5, 0.0)
TABLE = Path(__file__).parent / "synthetic" / "spotting.md"
DRAWS = 50

NOTE = """\
`synthetic_long`, {videos} videos of 40 s for each of {seeds} seeds: 5 micro- and 3
macro-expressions each, 30 frames a second, 256x256. F1 by MEGC (IoU ≥ 0.5, both kinds added up),
mean over seeds with the lowest and the highest; *either kind*: whatever kinds the intervals are
of. *By chance*: as many intervals of the same lengths at random places in the same videos, mean of
{draws} draws. Spots a minute at 0 px are false alarms: nothing moves but head, light, lids and
noise. Milliseconds are processor time of the spotter alone, on one core, frames in memory.
Defaults were set on `seed=100`, which is not among these; the faces move by the same formulas, so
these are scores of a bench, not of real videos.
`python -m benchmarks.spotting` makes this table."""


@dataclass(slots=True)
class Row:
    """What a spotter did at an amplitude: by seed truths and finds, by video; and its time."""

    truths: dict[int, list[Interval]] = field(default_factory=lambda: defaultdict(list))
    finds: dict[int, list[Interval]] = field(default_factory=lambda: defaultdict(list))
    minutes: float = 0.0
    frames: int = 0
    seconds: float = 0.0

    def add(self, seed: int, video: Recording, spotter: Any) -> None:
        """Search a video whose frames are in memory."""
        faces = video.footage.faces(landmarks=video.footage.landmarks)
        start = time.process_time()
        found = checked_spots.spot_stretch(spotter, faces)
        self.seconds += time.process_time() - start
        self.finds[seed] += [video.interval(one.onset, one.offset) for one in found]
        self.truths[seed] += video.truths
        self.minutes += video.seconds / 60
        self.frames += len(faces.frames)

    def f1(self, kind: str = "") -> list[float]:
        """F1 of each seed, of both kinds or of one."""
        found = [scoring.spot(self.truths[s], self.finds[s]) for s in self.truths]
        counts = [one.by_kind.get(kind) if kind else one.overall for one in found]
        return [one.f1 if one else 0.0 for one in counts]

    def either(self) -> list[float]:
        """F1 of each seed, whatever the kinds."""
        return [_either(self.truths[seed], self.finds[seed]) for seed in self.truths]

    def chance(self, length: int) -> float:
        """The mean F1 of spots at random places, in videos of so many frames."""
        rng = np.random.default_rng(0)
        return float(np.mean([
            scoring.spot(self.truths[seed], _scattered(self.finds[seed], length, rng)).overall.f1
            for seed in self.truths for _ in range(DRAWS)
        ]))  # fmt: skip


def main() -> None:
    """Search all videos, and write the table."""
    given = argparse.ArgumentParser()
    given.add_argument("spotters", nargs="*")
    given.add_argument("--seeds", type=int, default=3)
    given.add_argument("--videos", type=int, default=2)
    options = given.parse_args()
    cv2.setNumThreads(1)
    registry = mertk.load_plugins().registry
    names = options.spotters or ["flow_peaks", "lbp_chi2"]  # they do not learn
    lines = []
    for amplitude in AMPLITUDES:
        rows = {name: Row() for name in names}
        length = 0
        for seed in range(options.seeds):
            for video in _videos(registry, seed, amplitude, options.videos):
                length = len(video.footage.frames)
                for name, row in rows.items():
                    row.add(seed, video, registry.build("spotter", mertk.Use(name)))
        for name, row in rows.items():
            lines.append(_line(name, amplitude, row, length))
            print(lines[-1], flush=True)
    note = NOTE.format(videos=options.videos, seeds=options.seeds, draws=DRAWS)
    head = (
        "| spotter | peak motion | F1 | micro | macro | either kind | by chance | spots a minute "
        "| ms a frame |\n" + "|---" * 9 + "|"
    )
    TABLE.write_text("\n".join(["# Spotting in synthetic videos", "", head, *lines, "", note, ""]))


def _videos(registry: Any, seed: int, amplitude: float, videos: int) -> Iterator[Recording]:
    """The videos of a seed, one after the other, with their frames in memory."""
    use = mertk.Use("synthetic_long", seed=seed, amplitude=amplitude, videos=videos)
    for video in find_recordings(registry.build("dataset", use).index(None), None):
        pixels = mertk.Frames.of(video.footage.frames[:])
        yield replace(video, footage=replace(video.footage, frames=pixels))


def _either(truths: list[Interval], finds: list[Interval]) -> float:
    sides = ([replace(one, kind="") for one in side] for side in (truths, finds))
    return scoring.spot(*sides).overall.f1


def _scattered(finds: list[Interval], length: int, rng: np.random.Generator) -> list[Interval]:
    found = []
    for one in finds:
        lasts = one.offset - one.onset
        onset = int(rng.integers(0, length - lasts))
        found.append(replace(one, onset=onset, offset=onset + lasts))
    return found


def _line(name: str, amplitude: float, row: Row, length: int) -> str:
    rate = sum(map(len, row.finds.values())) / row.minutes
    scores = [row.f1(), row.f1("micro"), row.f1("macro"), row.either()]
    cells = [f"{np.mean(s):.2f} ({min(s):.2f}–{max(s):.2f})" for s in scores]
    cells.append(f"{row.chance(length):.2f}")
    if not amplitude:
        cells = ["–"] * len(cells)
    spent = 1000 * row.seconds / row.frames
    return f"| {name} | {amplitude:g} px | {' | '.join(cells)} | {rate:.1f} | {spent:.1f} |"


if __name__ == "__main__":
    main()
