"""The one trainer of networks: a fixed number of epochs, the last one counts, one random generator.

A network is an `nn.Module` from a dict of streams `[samples, …]` to logits `[samples, classes]`.
While it trains it may give `[samples, heads, classes]`: the loss is summed over its heads. A part
with an attribute `lr_scale` trains at so many times the learning rate, and a part with a method
`penalty` or `auxiliary` adds to the loss (`mertk.nn.schedule`).
Initial weights, shuffling and dropout depend on the numpy generator alone. On a CPU one thread is
used, since sums over several threads differ in their last bits; folds run side by side instead.
Nothing is selected while training, so nothing can be selected on a test clip.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import ComponentError, ParameterError
from mertk.core.offers import get_offer
from mertk.core.stored import stored
from mertk.nn.schedule import (
    Loss,
    Optimizer,
    Precision,
    Schedule,
    TrainingOptions,
    compute_added_loss,
)

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from mertk.core.clips import Floats, Streams
    from mertk.core.interfaces import Differentiable

__all__ = [
    "Build",
    "Loss",
    "OnEpoch",
    "Optimizer",
    "Precision",
    "Schedule",
    "Shapes",
    "Trained",
    "TrainingOptions",
    "balanced_weights",
    "call_on_epoch",
    "find_device",
    "fit",
    "get_device",
    "seed_torch",
    "stack_streams",
    "use_device",
]

Shapes = Mapping[str, tuple[int, ...]]
"""Stream name → shape of one sample, without the sample axis."""

Build = Callable[[Shapes], Any]
"""Makes a network for streams of these shapes; called after torch has been seeded."""

OnEpoch = Callable[["Trained", int], None]
"""Called after each epoch with the network as it is then, and the number of the epoch from 0."""


@stored
@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A trained network in evaluation mode; `seen` `[classes]` are those with training clips.

    Multi-label, `seen` is `[classes, 2]`: whether there were training clips without and with each
    class. `losses` `[epochs]` are the mean training losses; empty where all clips had one label.
    """

    module: Any
    seen: NDArray[np.bool_]
    losses: Floats

    def predict(self, streams: Streams) -> NDArray[np.float64]:
        """Class probabilities `[classes]` of one clip; 0 for classes without a training clip.

        Multi-label, a class that all training clips have gets 1.
        """
        return self.probabilities(_batch_of_one(streams))[0]  # type: ignore[no-any-return]

    def probabilities(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """As `predict`, of several clips at once `[clips, classes]`: equal but for rounding.

        Where a block before the network gives several samples of a clip, one after the other, their
        logits are averaged.
        """
        clips = len(next(iter(arrays.values())))
        rows = self.apply(arrays).astype(np.float64)
        logits = rows.reshape(clips, -1, rows.shape[1]).mean(axis=1)
        if self.seen.ndim == 2:
            found = (1 + np.tanh(logits / 2)) / 2  # the sigmoid, without overflow
            return np.where(self.seen.all(axis=1), found, self.seen[:, 1])
        logits[:, ~self.seen] = -np.inf
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]

    def explain(self, streams: Streams) -> dict[str, Floats]:
        """What the network's parts keep as `shown` when the network is run on one clip, by name."""
        self.apply(_batch_of_one(streams))
        return {
            name: tensor[0].float().cpu().numpy()
            for part in self.module.modules()
            for name, tensor in get_offer("network", part, "shown").items()
        }

    def apply(
        self, arrays: Mapping[str, NDArray[Any]], call: Callable[[Any, Any], Any] | None = None
    ) -> Floats:
        """The network's output `[samples, …]`, or that of `call(module, tensors)`."""
        import torch

        where = next((p.device for p in self.module.parameters()), torch.device("cpu"))
        with torch.inference_mode(), use_one_thread():
            tensors = make_tensors(arrays, where)
            found = self.module(tensors) if call is None else call(self.module, tensors)
            return found.cpu().numpy()  # type: ignore[no-any-return]


def fit(
    build: Build,
    inputs: Sequence[Streams] | Mapping[str, NDArray[Any]],
    labels: NDArray[np.integer[Any]],
    rng: np.random.Generator,
    *,
    classes: int,
    schedule: Schedule,
    through: Sequence[Differentiable] = (),
) -> Trained:
    """Build a network and train it; `inputs` are clips, or arrays `[samples, …]` by name.

    `labels` are class indices `[samples]`, or multi-label ones `[samples, classes]` of 0 and 1, for
    which every loss is taken of each class's sigmoid, and averaged over classes. `through` are
    blocks between the streams and the network, trained with it. Where all labels are of one class
    there is nothing to learn: the network stays as built and predicts that class.
    Raises `ComponentError` where clips differ in shape or the loss is not finite.
    """
    arrays = dict(inputs) if isinstance(inputs, Mapping) else stack_streams(inputs)
    targets = np.asarray(labels, np.int64)
    if not len(targets):
        raise ComponentError("there is no training clip to train a network with")
    weights = balanced_weights(targets, classes)
    shapes = {name: tuple(array.shape[1:]) for name, array in arrays.items()}
    losses = np.empty(0, np.float32)
    with seed_torch(rng), use_precision(schedule):
        module = chain_modules(build, shapes, through).to(get_device())
        if labels_differ(weights > 0):
            losses = _train_module(module, arrays, targets, weights, schedule)
    return Trained(finish_network(module), weights > 0, losses)


def finish_network(module: Any) -> Any:
    """A network that is trained: in evaluation mode, with plain weights, so that it can be pickled.

    What a parametrization such as `spectral_norm` made of a weight takes its place.
    """
    from torch.nn.utils import parametrize

    for part in list(module.eval().modules()):
        for name in list(getattr(part, "parametrizations", ())):
            parametrize.remove_parametrizations(part, name)
    return module


@contextlib.contextmanager
def call_on_epoch(callback: OnEpoch) -> Iterator[None]:
    """Call `callback` after each epoch of the networks that are trained in this block.

    The training does not change by it, because the callback gets the network in evaluation mode.
    """
    _CALLBACKS.append(callback)
    try:
        yield
    finally:
        _CALLBACKS.remove(callback)


_CALLBACKS: list[OnEpoch] = []


def chain_modules(
    build: Build, shapes: Shapes, through: Sequence[Differentiable] = ()
) -> nn.Sequential:
    """The blocks' modules and then the network, each built for what the one before gives."""
    import torch
    from torch import nn

    modules = []
    for block in through:
        module = block.module(shapes).eval()
        with torch.inference_mode():
            given = module({name: torch.zeros(2, *shape) for name, shape in shapes.items()})
        shapes = {name: tuple(tensor.shape[1:]) for name, tensor in given.items()}
        modules.append(module)
    return nn.Sequential(*modules, build(shapes))


def stack_streams(inputs: Sequence[Streams]) -> dict[str, NDArray[Any]]:
    """The clips' streams as arrays `[clips, …]`; raises `ComponentError` where shapes differ."""
    found: dict[str, NDArray[Any]] = {}
    for name in inputs[0] if inputs else ():
        shapes = sorted({np.shape(streams[name]) for streams in inputs})
        if len(shapes) > 1:
            raise ComponentError(
                f"stream '{name}' has {len(shapes)} shapes ({list(shapes[0])} … "
                f"{list(shapes[-1])}), a network takes one; put a fusion block such as pad_time "
                "before it"
            )
        found[name] = np.stack([streams[name] for streams in inputs])
    return found


def balanced_weights(labels: NDArray[np.integer[Any]], classes: int) -> NDArray[np.float64]:
    """Inverse class frequencies `[classes]`, of mean 1 over the labels; 0 for an absent class.

    For multi-label ones, those of absence and presence per class `[classes, 2]`.
    """
    if labels.ndim == 2:
        return np.stack([balanced_weights(label, 2) for label in labels.T])
    counts = np.bincount(labels, minlength=classes)
    present = counts > 0
    return np.where(present, len(labels) / (present.sum() * np.maximum(counts, 1)), 0.0)


@contextlib.contextmanager
def seed_torch(rng: np.random.Generator) -> Iterator[None]:
    """Seed torch from `rng` in this block, on one thread, and restore its own state afterwards."""
    import torch

    cuda = [get_device()] if get_device().type == "cuda" else []
    with torch.random.fork_rng(devices=cuda), use_one_thread():
        torch.manual_seed(int(rng.integers(2**63 - 1)))
        yield


def use_device(name: str) -> None:
    """Train on `cpu`, `cuda`, `cuda:1` … or `auto`, in this process and those it starts.

    Results are the same bit by bit on a CPU only.
    """
    check_device(name)
    os.environ["MERTK_DEVICE"] = name


def check_device(name: str) -> None:
    """Raise `ParameterError` for a name that is not the name of a device."""
    if not re.fullmatch(r"cpu|auto|cuda(:\d+)?", name):
        raise ParameterError(f"device '{name}' is not known. Known: auto, cpu, cuda, cuda:NUMBER.")


def get_device() -> torch.device:
    """Where networks are trained: see `use_device`; the default is `cpu`."""
    return find_device(os.environ.get("MERTK_DEVICE", "cpu"))


def find_device(name: str) -> torch.device:
    """The device of a name; raises `ParameterError` where torch is missing or finds no CUDA."""
    try:
        import torch
    except ModuleNotFoundError as error:
        raise ParameterError(f"device '{name}': torch is not installed; use cpu") from error

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ParameterError(f"device '{name}': torch finds no CUDA device here; use cpu")
    return torch.device(name)


@contextlib.contextmanager
def use_one_thread() -> Iterator[None]:
    """Let torch work with one thread in this block."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _train_module(
    module: nn.Module,
    arrays: Mapping[str, NDArray[Any]],
    labels: NDArray[np.int64],
    weights: NDArray[np.float64],
    schedule: Schedule,
) -> Floats:
    import torch

    where = get_device()
    tensors, target = make_tensors(arrays, where), torch.tensor(labels, device=where)
    alpha = weights if schedule.alpha else np.ones_like(weights)
    class_weights = torch.tensor(alpha, dtype=torch.float32, device=where)
    optimizer = schedule.optimizer_of(module)
    decay = torch.optim.lr_scheduler.StepLR(optimizer, schedule.decay_every, schedule.lr_decay)
    epochs = []
    module.train()
    for epoch in range(schedule.epochs):
        total = torch.zeros((), device=where)
        for rows in _draw_batches(len(target), schedule.batch):
            rows = rows.to(where)  # noqa: PLW2901
            optimizer.zero_grad()
            with torch.autocast(where.type, torch.bfloat16, schedule.precision == "bf16"):
                logits = module({name: tensor[rows] for name, tensor in tensors.items()}).float()
            loss = schedule.loss_of(logits, target[rows], class_weights) + compute_added_loss(
                module, target[rows]
            )
            loss.backward()
            if schedule.max_norm:
                torch.nn.utils.clip_grad_norm_(module.parameters(), schedule.max_norm)
            optimizer.step()
            total += loss.detach() * len(rows)
        decay.step()
        epochs.append(total / len(target))
        _call_callbacks(module, weights > 0, epoch)
    losses = torch.stack(epochs).cpu().numpy()
    if not np.isfinite(losses[-1]):
        raise ComponentError(f"the loss became {losses[-1]} while training; try a smaller lr")
    return losses


@contextlib.contextmanager
def use_precision(schedule: Schedule) -> Iterator[None]:
    """Let a GPU round products to TF32 in this block, unless the precision is `float32`."""
    from torch.backends import cuda, cudnn

    before = cuda.matmul.allow_tf32, cudnn.allow_tf32
    cuda.matmul.allow_tf32 = cudnn.allow_tf32 = schedule.precision != "float32"
    try:
        yield
    finally:
        cuda.matmul.allow_tf32, cudnn.allow_tf32 = before


def _call_callbacks(module: nn.Module, seen: NDArray[np.bool_], epoch: int) -> None:
    if _CALLBACKS:
        now = Trained(module.eval(), seen, np.empty(0, np.float32))
        for callback in _CALLBACKS:
            callback(now, epoch)
        module.train()


def labels_differ(seen: NDArray[np.bool_]) -> bool:
    """Whether the training labels differ at all, given which ones were `seen`."""
    return bool(seen.all(axis=1).any() if seen.ndim == 2 else seen.sum() > 1)


def _draw_batches(samples: int, size: int) -> list[Tensor]:
    """Shuffled batches; a last one of a single sample joins the one before, for batch norm."""
    import torch

    order = torch.randperm(samples)
    parts = [order[start : start + size] for start in range(0, samples, size)]
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    return parts


def make_tensors(arrays: Mapping[str, NDArray[Any]], where: torch.device) -> dict[str, Tensor]:
    """Arrays as tensors: floats in single precision, pixels as they are."""
    import torch

    found = {}
    for name, given in arrays.items():
        array = np.asarray(given)
        kind = np.uint8 if array.dtype == np.uint8 else np.float32
        # memory-mapped features are read-only, which torch warns about
        array = np.require(array, kind, ["C_CONTIGUOUS", "WRITEABLE"])
        found[name] = torch.from_numpy(array).to(where)
    return found


def _batch_of_one(streams: Streams) -> Streams:
    return {name: np.asarray(array)[None] for name, array in streams.items()}
