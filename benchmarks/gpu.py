"""The reference model's region networks on one GPU: agreement, seconds, memory, a forecast.

Run: python -m benchmarks.gpu    (at most 8 minutes; ends with 1 where torch finds no GPU)

Pixels are noise of the paper's size, 9 patches of 35x50. `alone` is `training.fit`, one fold after
the other; `shared` is `shared_batch.fit_side_by_side` with as many of 68 folds as fit. A forecast
is the time of 60 epochs of 6 regions for the 442 clips of MEGC2019, of 68 frames each, and 68
folds. It leaves out stage 2, and the features, for which each network sees each frame once more.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np
import torch

from mertk.nn import shared_batch, training
from mertk_plugins.fusion._patch_cnn_se_net import PatchNet

SECONDS = 400  # after which no more measurement begins
PEOPLE, CLASSES, FRAMES = 68, 3, 4096
MEGC2019 = 442 * 68 * 6 * 60 * PEOPLE  # samples of all frames, regions, epochs and folds
SCHEDULE = training.Schedule(epochs=1, lr=1e-4, loss="focal", alpha=True)


def build(shapes: training.Shapes) -> PatchNet:
    """The network of a region."""
    return PatchNet(
        patches=shapes["patches"][-1] // 3, classes=CLASSES, se="squeeze", se_ratio=0.25,
        extra_conv=False, dropout=0.5, init="he", input_range=(0, 1),
    )  # fmt: skip


def make_pixels(frames: int, height: int, width: int) -> np.ndarray:
    """Noise, brighter by label."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 200, (frames, height, width, 27), np.uint8)
    return noise + (20 * (np.arange(frames) % CLASSES)).astype(np.uint8)[:, None, None, None]


def make_folds(frames: int, people: int) -> list[shared_batch.FoldTask]:
    """One fold per person, who has every so many frames."""
    every = np.arange(frames)
    rows = [every[every % people != person] for person in range(people)]
    return [
        shared_batch.FoldTask(own, own % CLASSES, np.random.default_rng(person))
        for person, own in enumerate(rows)
    ]


def fit_folds(
    device: str, pixels: np.ndarray, folds: list[shared_batch.FoldTask], schedule: training.Schedule
) -> list[training.Trained]:
    """Train folds side by side on a device."""
    training.use_device(device)
    samples = shared_batch.Samples.of({"patches": pixels})
    return shared_batch.fit_side_by_side(build, samples, folds, classes=CLASSES, schedule=schedule)


def compare_devices(device: str) -> float:
    """The largest difference of a logit between a device and the CPU, after 40 steps."""
    pixels, schedule = make_pixels(128, 12, 16), replace(SCHEDULE, epochs=5, batch=16)
    found = []
    for name in ("cpu", device):
        nets = fit_folds(name, pixels, make_folds(128, 8)[:2], schedule)
        found.append(np.stack([net.apply({"patches": pixels[:32]}) for net in nets]))
    return float(np.abs(found[0] - found[1]).max())


def time_shared(
    device: str, pixels: np.ndarray, precision: training.Precision
) -> tuple[int, float]:
    """How many folds fit at once, and the seconds that an epoch of one of them takes."""
    schedule = replace(SCHEDULE, precision=precision)
    training.use_device(device)
    folds, spent = make_folds(len(pixels), PEOPLE), []
    samples = shared_batch.Samples.of({"patches": pixels})
    count = shared_batch.split_by_memory(build, samples, PEOPLE, schedule)
    for epochs in (1, 3):  # the difference leaves out what is done once
        longer, start = replace(schedule, epochs=epochs), time.perf_counter()
        shared_batch.fit_side_by_side(
            build, samples, folds[:count], classes=CLASSES, schedule=longer
        )
        spent.append(time.perf_counter() - start)
    return count, (spent[1] - spent[0]) / 2 / count


def time_alone(device: str, pixels: np.ndarray, precision: training.Precision) -> float:
    """The seconds that an epoch of one fold takes by itself."""
    training.use_device(device)
    (fold, *_), spent = make_folds(len(pixels), PEOPLE), []
    for epochs in (1, 3):
        start = time.perf_counter()
        training.fit(
            build, {"patches": pixels[fold.rows]}, fold.labels, fold.rng, classes=CLASSES,
            schedule=replace(SCHEDULE, precision=precision, epochs=epochs),
        )  # fmt: skip
        spent.append(time.perf_counter() - start)
    return (spent[1] - spent[0]) / 2


def describe_row(name: str, folds: int, seconds: float, frames: int, memory: float) -> str:
    """A row of the table."""
    hours = seconds / frames * MEGC2019 / 3600
    return f"{name:18} {folds:5} {seconds:17.3f} {memory / 2**30:10.1f} {hours:15.1f}"


def main() -> None:
    """Print agreement and the table."""
    if not torch.cuda.is_available():
        sys.exit("no GPU: torch finds no CUDA device here")
    begun, device = time.perf_counter(), "cuda"
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
    print(f"largest difference of a logit from the CPU: {compare_devices(device):.1e}")
    pixels = make_pixels(FRAMES, 35, 50)
    print(f"{'':18} folds seconds/fold/epoch memory GiB hours, MEGC2019   ({FRAMES} frames)")
    for precision in ("tf32", "bf16", "float32"):
        for way in ("shared", "alone"):
            if time.perf_counter() - begun > SECONDS:
                print(f"{way} {precision}: left out, no time left")
                continue
            torch.cuda.reset_peak_memory_stats()
            if way == "shared":
                count, seconds = time_shared(device, pixels, precision)
            else:
                count, seconds = 1, time_alone(device, pixels, precision)
            memory = torch.cuda.max_memory_allocated()
            print(describe_row(f"{way} {precision}", count, seconds, FRAMES, memory), flush=True)


if __name__ == "__main__":
    main()
