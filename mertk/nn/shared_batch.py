"""Networks of several folds, trained side by side on one device by the same batches.

A batch holds clips of the whole run. A clip that a fold holds out weighs 0 in that fold's loss, so
its gradient there is exactly 0: a network without batch norm does not mix the clips of a batch. The
first layer of all folds then reads one batch once, and `torch.vmap` makes one product of it.

The order of the samples is the same in all folds and seeds. Initial weights and dropout depend on
each fold's own generator. A fold's network is therefore the same, but for rounding, whichever folds
are trained beside it. A fold takes a step even if it holds out the whole batch. Its network is not
that of `mertk.nn.training.fit`, whose batches hold training clips alone and which draws other
dropout. On a CPU this is slower than one fold after the other.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import ComponentError
from mertk.core.offers import get_offer
from mertk.nn import training
from mertk.nn.schedule import Schedule

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

MOST_FOLDS = 32
_FREE = 0.8  # share of the device's free memory that is used
_WARM_STEPS = 3  # real steps before a step is recorded as a CUDA graph


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """`count` samples on the device, uint8 where pixels are; `streams` `[count + 1, …]` by name.

    The last row is of zeros. It fills batches.
    """

    streams: Mapping[str, Tensor]
    count: int

    @property
    def shapes(self) -> training.Shapes:
        """The shapes of one sample."""
        return {name: tuple(tensor.shape[1:]) for name, tensor in self.streams.items()}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Samples:
        """Move arrays `[samples, …]` to the device."""
        padded = {}
        for name, array in arrays.items():
            padded[name] = np.concatenate([array, np.zeros_like(array[:1])])
        tensors = training.make_tensors(padded, training.get_device())
        return cls(tensors, len(next(iter(arrays.values()))))


@dataclass(frozen=True, slots=True, eq=False)
class FoldTask:
    """The positions of a fold's training samples, their labels, one or more each, and its rng."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    rng: np.random.Generator


def fit_side_by_side(
    build: training.Build,
    samples: Samples,
    folds: Sequence[FoldTask],
    *,
    classes: int,
    schedule: Schedule,
) -> list[training.Trained]:
    """Train the network of each fold, all of them at once; where labels are equal, it is as built.

    Raises `ComponentError` for a network with batch norm or with an added loss, for a schedule with
    `max_norm`, and where a loss is not finite.
    """
    found, seeds = [], []
    for fold in folds:
        with training.seed_torch(fold.rng):
            module = training.chain_modules(build, samples.shapes).to(training.get_device())
        _refuse(module, schedule)
        seeds.append(int(fold.rng.integers(2**62)))
        seen = training.balanced_weights(fold.labels, classes) > 0
        found.append(training.Trained(module.train(), seen, np.empty(0, np.float32)))
    learning = [at for at, one in enumerate(found) if training.labels_differ(one.seen)]
    if learning:
        group = _Group(
            modules=[found[at].module for at in learning],
            samples=samples,
            folds=[folds[at] for at in learning],
            seeds=[seeds[at] for at in learning],
            classes=classes,
            schedule=schedule,
        )
        with training.use_one_thread():
            losses = group.train()
        for at, row in zip(learning, losses, strict=True):
            found[at] = training.Trained(found[at].module, found[at].seen, row)
    for one in found:
        training.finish_network(one.module)
    return found


def split_by_memory(build: training.Build, samples: Samples, count: int, schedule: Schedule) -> int:
    """How many of `count` folds fit into the device's free memory at once: 1 or more."""
    import torch

    where, most = training.get_device(), min(count, MOST_FOLDS)
    if where.type != "cuda" or most < 2:
        return most
    free, _ = torch.cuda.mem_get_info(where)
    free += torch.cuda.memory_reserved(where) - torch.cuda.memory_allocated(where)
    with training.seed_torch(np.random.default_rng(0)):
        module = training.chain_modules(build, samples.shapes).to(where)
        need = estimate_fold_bytes(module, samples, schedule)
    return max(1, min(most, int(_FREE * free / need)))


def estimate_fold_bytes(module: nn.Module, samples: Samples, schedule: Schedule) -> float:
    """The memory that one more fold takes: weights, gradients, Adam's two means, and maps.

    Maps are measured by what the backward pass of 4 samples keeps, which is the weights and maps.
    """
    import torch

    kept = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor.numel() * tensor.element_size())
        return tensor

    batch = {name: tensor[[0, 0, 0, 0]] for name, tensor in samples.streams.items()}
    with torch.autograd.graph.saved_tensors_hooks(keep, keep):
        module(batch)
    weights = sum(weight.numel() * weight.element_size() for weight in module.parameters())
    maps = max(0, sum(kept) - weights) / 4
    return 4 * weights + 1.5 * schedule.batch * maps  # 1.5: gradients of maps as well


@dataclass(slots=True, kw_only=True, eq=False)
class _Group:
    """Networks that are trained together; `modules` get the weights at the end."""

    modules: Sequence[nn.Module]
    samples: Samples
    folds: Sequence[FoldTask]
    seeds: Sequence[int]
    classes: int
    schedule: Schedule

    def train(self) -> NDArray[np.float32]:
        """Train; gives the mean losses `[folds, epochs]`."""
        import torch

        where, schedule = training.get_device(), self.schedule
        params = self._stack_parameters()
        optimizer = schedule.optimizer_of(torch.nn.ParameterList(params.values()))
        if where.type == "cuda":
            for group in optimizer.param_groups:  # what a CUDA graph needs
                group.update(capturable=True, lr=torch.tensor(group["lr"], device=where))
        decay = torch.optim.lr_scheduler.StepLR(optimizer, schedule.decay_every, schedule.lr_decay)
        weights, totals = self.make_sample_weights(), torch.zeros(len(self.folds), device=where)
        compute_losses = self._make_losses(params, weights)

        def step(rows: Tensor) -> None:
            optimizer.zero_grad()
            losses = compute_losses(rows)
            mean = losses / weights[:, rows].sum(1).clamp(min=1)
            mean.sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            totals.add_(losses.detach())

        do_step = _record_step(step) if where.type == "cuda" else step
        epochs = []
        with training.use_precision(schedule):
            for epoch in range(schedule.epochs):
                totals.zero_()
                for rows in _draw_shared_order(self.samples.count, schedule.batch, epoch).to(where):
                    do_step(rows)
                decay.step()
                epochs.append(totals / weights.sum(1))
        losses = torch.stack(epochs, 1).cpu().numpy()
        if not np.isfinite(losses[:, -1]).all():
            raise ComponentError(f"a loss became {losses[:, -1].sum()}; try a smaller lr")
        with torch.no_grad():
            for at, module in enumerate(self.modules):
                for name, weight in module.named_parameters():
                    weight.copy_(params[name][at])
        return losses

    def _make_losses(
        self, params: Mapping[str, Tensor], weights: Tensor
    ) -> Callable[[Tensor], Tensor]:
        """What gives the summed losses `[folds]` of a batch, by the positions of its samples."""
        import torch
        from torch.func import functional_call, vmap

        where, schedule = training.get_device(), self.schedule
        targets, alpha = (part.to(where) for part in self._stack_targets())
        tick = torch.zeros((), dtype=torch.int64, device=where)
        shared = _replace_dropout(self.modules[0], tick)
        seeds = torch.tensor(self.seeds, device=where)
        state = {**params, **{name: seeds for name, _ in shared.named_buffers()}}

        def sum_losses(
            own: Any, target: Tensor, weight: Tensor, classes: Tensor, streams: Any
        ) -> Tensor:
            logits = functional_call(shared, own, (streams,))
            losses = vmap(lambda row, label: schedule.loss_of(row[None], label[None], classes))(
                logits.float(), target
            )
            return torch.where(weight > 0, weight * losses, 0.0).sum()

        def compute_losses(rows: Tensor) -> Tensor:
            tick.add_(1)
            streams = {name: tensor[rows] for name, tensor in self.samples.streams.items()}
            with torch.autocast(
                where.type, torch.bfloat16, schedule.precision == "bf16", cache_enabled=False
            ):
                return vmap(sum_losses, (0, 0, 0, 0, None))(
                    state, targets[:, rows], weights[:, rows], alpha, streams
                )

        return compute_losses

    def make_sample_weights(self) -> Tensor:
        """1 for a fold's training samples, 0 for those that it holds out, `[folds, samples + 1]`.

        The last sample only fills batches.
        """
        import torch

        weights = torch.zeros(len(self.folds), self.samples.count + 1)
        for at, fold in enumerate(self.folds):
            weights[at, torch.from_numpy(fold.rows)] = 1
        return weights.to(training.get_device())

    def _stack_targets(self) -> tuple[Tensor, Tensor]:
        """Labels by fold and sample, 0 for samples that a fold holds out; weights of classes."""
        import torch

        targets, alpha = [], []
        for fold in self.folds:
            own = np.zeros((self.samples.count + 1, *fold.labels.shape[1:]), np.int64)
            own[fold.rows] = fold.labels
            targets.append(torch.from_numpy(own))
            balanced = training.balanced_weights(fold.labels, self.classes)
            alpha.append(torch.tensor(balanced, dtype=torch.float32))
        found = torch.stack(alpha)
        return torch.stack(targets), found if self.schedule.alpha else torch.ones_like(found)

    def _stack_parameters(self) -> dict[str, nn.Parameter]:
        """The weights of all folds, `[folds, …]`, by name."""
        import torch

        found = {}
        for name, _ in self.modules[0].named_parameters():
            own = [module.get_parameter(name).detach() for module in self.modules]
            found[name] = torch.nn.Parameter(torch.stack(own))
        return found


def _refuse(module: nn.Module, schedule: Schedule) -> None:
    """Raise `ComponentError` for what cannot be trained in a shared batch."""
    added = False
    for part in module.modules():
        for name in ("penalty", "auxiliary"):
            added = added or bool(get_offer("network", part, name))
    if added or schedule.max_norm or next(module.buffers(), None) is not None:
        raise ComponentError(
            "a network with batch norm, with a loss of its own or with max_norm cannot be trained "
            "for several folds in one batch"
        )


def _draw_shared_order(samples: int, size: int, epoch: int) -> Tensor:
    """An epoch's batches `[steps, size]`, of one size; the position `samples` fills the last."""
    import torch

    size = min(size, samples)
    order = np.full(-(-samples // size) * size, samples)
    order[:samples] = np.random.default_rng([epoch, samples]).permutation(samples)
    return torch.from_numpy(order.reshape(-1, size))


def _record_step(step: Callable[[Tensor], None]) -> Callable[[Tensor], None]:
    """The step, recorded as a CUDA graph after its first calls and replayed from then on."""
    import torch

    calls, graph = 0, torch.cuda.CUDAGraph()
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    given: Tensor | None = None

    def do_step(rows: Tensor) -> None:
        nonlocal calls, given
        calls += 1
        if calls <= _WARM_STEPS:
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                step(rows)
            torch.cuda.current_stream().wait_stream(side)
            return
        if given is None:
            given = rows.clone()
            with torch.cuda.graph(graph):
                step(given)
        given.copy_(rows)
        graph.replay()

    return do_step


def _replace_dropout(module: nn.Module, tick: Tensor) -> nn.Module:
    """A copy whose dropout follows from each fold's seed, the step, and the place in the batch."""
    import torch
    from torch import nn

    class SeededDropout(nn.Module):
        """Dropout by a hash (SplitMix64), equal on every device and for every number of folds."""

        seed: Tensor

        def __init__(self, share: float) -> None:
            super().__init__()
            self.share = share
            self.register_buffer("seed", torch.zeros_like(tick))

        def forward(self, x: Tensor) -> Tensor:
            places = torch.arange(x.numel(), device=x.device).view(x.shape)
            state = places + x.shape[-1] * 2**26 + tick * 2**40
            state = state * -7046029254386353131 + self.seed
            for shift, factor in ((30, -4658895280553007687), (27, -7723592293110705685)):
                state = (state ^ (state >> shift)) * factor
            drawn = ((state ^ (state >> 31)) & (2**24 - 1)) / 2**24
            kept: Tensor = x * (drawn >= self.share) / (1 - self.share)
            return kept

    shared = copy.deepcopy(module)
    for path, part in list(shared.named_modules()):
        if isinstance(part, nn.Dropout):
            parent, _, name = path.rpartition(".")
            setattr(shared.get_submodule(parent), name, SeededDropout(part.p))
    return shared
