"""The networks of all LOSO folds at once against one fold after the other.

Run: OMP_NUM_THREADS=1 python -m benchmarks.folds_at_once [EPOCHS]
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from benchmarks._clock import medians, show
from mertk.nn import parallel_folds, training
from mertk_plugins.classifiers.mlp import MLP
from mertk_plugins.classifiers.ststnet import STSTNet

if TYPE_CHECKING:
    from mertk.nn.classifier import NetworkClassifier

CLIPS, PEOPLE, CLASSES, SAMPLE, TURNS = 442, 68, 3, 8, 3
"""The counts of MEGC2019; a fold alone takes as long as any, so the loop is run for a sample."""


def folds() -> list[np.ndarray]:
    """Each person's training clips; people have one clip at least, and random numbers of them."""
    rng = np.random.default_rng(0)
    cuts = np.sort(rng.choice(np.arange(1, CLIPS), PEOPLE - 1, replace=False))
    person = np.repeat(np.arange(PEOPLE), np.diff([0, *cuts, CLIPS]))
    return [np.flatnonzero(person != left_out) for left_out in range(PEOPLE)]


def compare(title: str, model: NetworkClassifier, shape: tuple[int, ...]) -> None:
    """Print what all folds take, one by one and at once."""
    rng = np.random.default_rng(0)
    arrays = {"x": rng.normal(size=(CLIPS, *shape)).astype(np.float32)}
    labels = rng.integers(CLASSES, size=CLIPS)
    parts = folds()
    given: dict[str, Any] = {"classes": CLASSES, "schedule": model.schedule}

    def build(shapes: training.Shapes) -> Any:
        return model.network(shapes, CLASSES)

    def channels_last(shapes: training.Shapes) -> Any:
        return build(shapes).to(memory_format=torch.channels_last)

    def loop(build: training.Build) -> None:
        for seed, fold in enumerate(parts[:SAMPLE]):
            rng = np.random.default_rng(seed)
            training.fit(build, {"x": arrays["x"][fold]}, labels[fold], rng, **given)

    def at_once() -> None:
        rngs = [np.random.default_rng(seed) for seed in range(PEOPLE)]
        for _ in parallel_folds.fit_folds(build, arrays, labels, parts, rngs, **given):
            pass

    calls = {"fit_folds": at_once, "fit, fold by fold": partial(loop, build)}
    if len(shape) == 4:
        calls["the same with weights in channels_last"] = partial(loop, channels_last)
    seconds = medians(calls, TURNS)
    scale = {name: 1 if name == "fit_folds" else PEOPLE / SAMPLE for name in calls}
    show(title, {name: spent * scale[name] for name, spent in seconds.items()})


def main() -> None:
    """Print every comparison."""
    torch.set_num_threads(1)
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    what = f"{PEOPLE} folds of {CLIPS} clips, {epochs} epochs"
    compare(f"ststnet, {what}", STSTNet(epochs=epochs), (1, 3, 28, 28))
    for features, batch in ((30, 32), (300, 128)):
        title = f"mlp of 64 on {features} features, batches of {batch}, {what}"
        compare(title, MLP(hidden=(64,), epochs=epochs, batch=batch), (features,))


if __name__ == "__main__":
    main()
