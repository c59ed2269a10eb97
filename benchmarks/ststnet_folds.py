"""Folds of `ststnet`, 442 clips of 68 people, compiled (extra `fast`) and by torch, in turn.

OMP_NUM_THREADS=1 python -m benchmarks.ststnet_folds [FOLDS]    (default: 4 of the 68)
"""

from __future__ import annotations

import statistics
import sys
import time
from unittest import mock

import numpy as np
import torch

from mertk.nn import training
from mertk_plugins.classifiers import _ststnet_loops_net
from mertk_plugins.classifiers.ststnet import STSTNet

CLIPS, PEOPLE, EPOCHS, SIZE, FILTERS = 442, 68, 40, 28, 16


def main(folds: int) -> None:
    """Print CPU seconds a fold, their ratio, how far losses differ, and the floor."""
    rng = np.random.default_rng(0)
    people, labels = np.arange(CLIPS) % PEOPLE, rng.integers(0, 3, CLIPS)
    pictures = (
        rng.random((CLIPS, 1, 3, SIZE, SIZE), np.float32) + labels[:, None, None, None, None] * 0.1
    )
    pictures = pictures.astype(np.float32)
    _fit(pictures, labels, 1)  # compiles
    spent: dict[str, list[float]] = {"by torch alone": [], "compiled": []}
    apart, ratios = 0.0, []
    for fold in range(folds):
        train = people != fold
        with mock.patch.object(_ststnet_loops_net, "_compile", return_value=None):
            plain, losses = _fit(pictures[train], labels[train])
        fast, others = _fit(pictures[train], labels[train])
        spent["by torch alone"].append(plain)
        spent["compiled"].append(fast)
        ratios.append(plain / fast)
        apart = max(apart, float(abs(losses - others).max()))
    for name, seconds in spent.items():
        each = statistics.median(seconds)
        print(f"{name}: {each:.2f} s of CPU a fold, {each * PEOPLE:.0f} s for {PEOPLE} folds")
    print(
        f"ratio: median {statistics.median(ratios):.2f}x of {', '.join(f'{r:.2f}' for r in ratios)}"
    )
    print(f"losses of {folds} folds differ by at most {apart:.1e}")
    _show_floor(CLIPS * (PEOPLE - 1) // PEOPLE * EPOCHS * PEOPLE)


def _fit(
    pictures: np.ndarray, labels: np.ndarray, epochs: int = EPOCHS
) -> tuple[float, np.ndarray]:
    model = STSTNet(epochs=epochs, lr=1e-3)
    start = time.process_time()
    trained = training.fit(
        lambda shapes: model.network(shapes, 3),
        {"flow": pictures},
        labels,
        np.random.default_rng(0),
        classes=3,
        schedule=model.schedule,
    )
    return time.process_time() - start, trained.losses


def _show_floor(pictures: int) -> None:
    """The products of the convolution, forward and of its weights; maps written and read once."""
    flop = 2 * 2 * 27 * FILTERS * SIZE**2 * pictures
    least = 2 * 4 * FILTERS * SIZE**2 * pictures
    square = torch.randn(1024, 1024)
    words = np.ones(2**24)
    rates = []
    for call, amount in ((lambda: square @ square, 2 * 1024**3), (words.copy, 2 * words.nbytes)):
        took = []
        for _ in range(9):
            start = time.process_time()
            call()
            took.append(time.process_time() - start)
        rates.append(amount / statistics.median(took))
    print(
        f"floor: {flop / 1e12:.2f} TFLOP, {flop / rates[0]:.0f} s at {rates[0] / 1e9:.0f} GFLOP/s, "
        f"and {least / 1e9:.0f} GB, {least / rates[1]:.0f} s at {rates[1] / 1e9:.0f} GB/s of a copy"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(int(sys.argv[1]) if sys.argv[1:] else 4)
