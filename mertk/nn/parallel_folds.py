"""The networks of many folds, trained at once: what `training.fit` gives for each, sooner.

Every fold keeps its weights, its chance, its batches and its batch statistics; the folds only take
their steps together. What is shared is work:

- **by clip**: all folds look at the same clips. A network that begins with a `Stem` has that part
  of all folds worked out clip by clip, for every fold that has the clip in its batch.
- **by stacking**: `torch.vmap` over the folds' stacked weights, for small networks, whose time goes
  into calls and not into sums.

Any other network is trained fold by fold: see `fit_folds`. Folds that are trained at once are done
at once, so that a classifier has to offer it: `mertk.nn.classifier.FoldsNetworkClassifier`.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import ComponentError
from mertk.nn import training
from mertk.nn.schedule import compute_added_loss
from mertk.nn.training import (
    _WATCHERS,
    _check_finite,
    _draw_batches,
    _go_on,
    _labels_differ,
    _make_tensors,
    _one_thread,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from mertk.core.clips import Floats
    from mertk.core.interfaces import Differentiable
    from mertk.nn._vmap_net import Together

__all__ = ["Stem", "fit_folds"]

Make = Callable[[], Any]
"""Builds the network of one fold; chance is seeded already."""

Active = Mapping[int, "Tensor"]
"""The members that take a step, and the clips of their batches."""

Losses = dict[int, "Tensor"]
Step = Callable[[Active], Losses]
Way = Callable[["_Work", Sequence["_Member"]], Step]

AT_ONCE = 8
"""Folds that are trained at once, at most: they are done together, and an interrupt loses them."""

SMALL = 100_000
"""Weights of a network that is worth stacking; above, copying weights costs more than calls."""


@dataclass(frozen=True, slots=True, eq=False)
class Stem:
    """A network that begins with convolution → ReLU → batch norm → max-pooling of one picture.

    `picture` takes it from the streams, `[clips, channels, height, width]`; `rest` makes logits of
    the pooled maps `[clips, filters, h, w]`. The other parts are the network's own layers. What
    has a method `stem()`, and a `forward` that calls its stem, is trained by clip.
    """

    conv: Any
    norm: Any
    pool: Any
    picture: Callable[[Mapping[str, Tensor]], Tensor]
    rest: Callable[[Tensor], Tensor]

    def __call__(self, streams: Mapping[str, Tensor]) -> Tensor:
        """Logits `[clips, classes]`."""
        from torch.nn import functional

        maps = self.norm(functional.relu(self.conv(self.picture(streams))))
        return self.rest(self.pool(maps))

    @property
    def plain(self) -> bool:
        """Whether its layers do what work by clip knows: no groups, zeros around, all of a norm."""
        conv, norm = self.conv, self.norm
        return bool(
            conv.groups == 1
            and conv.padding_mode == "zeros"
            and not isinstance(conv.padding, str)
            and norm.affine
            and norm.track_running_stats
        )


def fit_folds(
    build: training.Build,
    arrays: Mapping[str, NDArray[Any]],
    labels: NDArray[np.integer[Any]],
    folds: Sequence[NDArray[np.integer[Any]]],
    rngs: Sequence[np.random.Generator],
    *,
    classes: int,
    schedule: training.Schedule,
    through: Sequence[Differentiable] = (),
) -> Iterator[training.Trained]:
    """Yield per fold what `training.fit` gives for its clips and its generator, within float error.

    `arrays` `[clips, …]` and `labels` are those of all clips, `folds` the training clips of each
    fold. Networks are trained at once on a CPU if they offer a `Stem`, or have no convolution and
    fewer than `SMALL` weights and `torch.vmap` takes them (`_vmap_net.plan_joint_call`); else, and
    while somebody watches (`training.watch_epochs`), one by one. At most `AT_ONCE` folds are
    trained at once and come out together; nothing is trained before it is asked for. No fold's
    result depends on which ones are trained together. Dropout masks are those of
    `fit` too where torch's `bernoulli_` draws from its own generator; it does not on Intel's CPUs.
    Raises `ComponentError` as `fit` does.
    """
    known = np.asarray(labels, np.int64)
    if not all(map(len, folds)):
        raise ComponentError("there is no training clip to train a network with")
    shapes = {name: tuple(array.shape[1:]) for name, array in arrays.items()}
    make = functools.partial(training.chain_modules, build, shapes, through)
    work = _Work(schedule, _make_tensors(arrays, training.get_device()), known, classes)
    way = _choose_way(work, make)
    if way is None:
        for fold, rng in zip(folds, rngs, strict=True):
            own = {name: array[fold] for name, array in arrays.items()}
            given: dict[str, Any] = {
                "classes": classes,
                "schedule": schedule,
                "through": through,
            }
            yield training.fit(build, own, known[fold], rng, **given)
        return
    pairs = list(zip(folds, rngs, strict=True))
    for start in range(0, len(pairs), AT_ONCE):
        members = [work.member(make, *pair) for pair in pairs[start : start + AT_ONCE]]
        _train_members(work, [member for member in members if _labels_differ(member.seen)], way)
        for member in members:
            yield training.Trained(
                training.finish_network(member.module), member.seen, member.losses
            )


@dataclass(slots=True, eq=False)
class _Member:
    """A fold at work; `chance` is the state of torch's generator as the fold left it."""

    module: nn.Module
    rows: Tensor
    alpha: Tensor
    seen: NDArray[np.bool_]
    chance: Tensor
    losses: Floats = field(default_factory=lambda: np.empty(0, np.float32))

    @contextlib.contextmanager
    def draws(self) -> Iterator[None]:
        """Let torch take its chances from this fold."""
        import torch

        torch.set_rng_state(self.chance)
        yield
        self.chance = torch.get_rng_state()


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What all folds share."""

    schedule: training.Schedule
    tensors: Mapping[str, Tensor]
    labels: NDArray[np.int64]
    classes: int

    @property
    def target(self) -> Tensor:
        import torch

        return torch.tensor(self.labels)

    def member(
        self, make: Make, fold: NDArray[np.integer[Any]], rng: np.random.Generator
    ) -> _Member:
        import torch

        weights = training.balanced_weights(self.labels[fold], self.classes)
        alpha = weights if self.schedule.alpha else np.ones_like(weights)
        with training.seed_torch(rng):
            module = make()
            chance = torch.get_rng_state()
        rows = torch.from_numpy(np.asarray(fold, np.int64))
        return _Member(module, rows, torch.tensor(alpha).float(), weights > 0, chance)

    def streams(self, rows: Tensor) -> dict[str, Tensor]:
        return {name: tensor[rows] for name, tensor in self.tensors.items()}

    def loss(self, logits: Tensor, target: Tensor, alpha: Tensor) -> Tensor:
        found: Tensor = self.schedule.loss_of(logits, target, alpha)
        return found


def _choose_way(work: _Work, make: Make) -> Way | None:
    """How networks that `make` gives are trained at once; None for one by one."""
    import torch

    if _WATCHERS or training.get_device().type != "cpu" or len(work.labels) < 2:
        return None
    with training.seed_torch(np.random.default_rng(0)):
        first, second = make(), make()
        if not _has_steady_schedule(work.schedule, first):
            return None
        stem = _find_stem(first)
        if stem is not None:
            return _by_clip if stem.plain else None
        if not _is_small(first):
            return None
        from mertk.nn._vmap_net import plan_joint_call

        few = torch.arange(min(4, len(work.labels)))
        alpha = np.ones_like(training.balanced_weights(work.labels, work.classes))
        given = work.streams(few), work.target[few], torch.tensor(alpha).float()
        whole = plan_joint_call((first, second), *given, work.loss)
    return None if whole is None else functools.partial(_make_stacked_step, whole)


def _has_steady_schedule(schedule: training.Schedule, module: nn.Module) -> bool:
    """Whether steps of several folds can be one: a rate that falls and a norm are each fold's."""
    alike = schedule.lr_decay == 1 and not schedule.max_norm
    return alike and not any(hasattr(part, "auxiliary") for part in module.modules())


def _find_stem(module: Any) -> Stem | None:
    """The stem of a chain that is one network alone, without blocks before it."""
    network: Any = module[-1]
    offered = getattr(type(network), "stem", None)  # a layer may bear that name as well
    return network.stem() if len(module) == 1 and offered is not None else None


def _is_small(module: nn.Module) -> bool:
    """Whether calls take more time than sums: convolutions of several networks are no faster."""
    weights = list(module.parameters())
    return sum(p.numel() for p in weights) < SMALL and all(p.ndim < 3 for p in weights)


def _by_clip(work: _Work, members: Sequence[_Member]) -> Step:
    from mertk.nn._stem_net import compute_pooled_maps
    from mertk.nn._vmap_net import masked_twin

    twins: list[Any] = [masked_twin(member.module) for member in members]
    stems: list[Stem] = [twin[0].stem() for twin in twins]
    clips = stems[0].picture(work.tensors)

    def step(active: Active) -> Losses:
        maps = compute_pooled_maps([stems[at] for at in active], clips, list(active.values()))
        losses = {}
        for (at, rows), own in zip(active.items(), maps, strict=True):
            with members[at].draws():
                logits = stems[at].rest(own)
            loss = work.loss(logits, work.target[rows], members[at].alpha)
            losses[at] = loss + compute_added_loss(members[at].module, work.target[active[at]])
        return losses

    return step


def _make_stacked_step(whole: Together, work: _Work, members: Sequence[_Member]) -> Step:
    import torch

    def draw(member: _Member, samples: int) -> list[Tensor]:
        with member.draws():
            return whole.masks.draw(samples)

    def step(active: Active) -> Losses:
        losses = {}
        # batch statistics forbid padding: members with batches of one size go together
        for size in sorted({len(rows) for rows in active.values()}):
            group = [at for at, rows in active.items() if len(rows) == size]
            rows = torch.stack([active[at] for at in group])
            found = whole.losses(
                [members[at].module for at in group],
                [draw(members[at], size) for at in group],
                work.streams(rows),
                work.target[rows],
                torch.stack([members[at].alpha for at in group]),
            )
            for at, loss in zip(group, found.unbind(), strict=True):
                losses[at] = loss + compute_added_loss(members[at].module, work.target[active[at]])
        return losses

    return step


def _train_members(work: _Work, members: Sequence[_Member], way: Way) -> None:
    """As `training.fit` descends, for all members side by side.

    A member that has no batch left in an epoch gets no gradient, so that the optimizer leaves its
    weights, moments and step counts alone.
    """
    import torch
    from torch import nn

    if not members:
        return
    optimizer = work.schedule.optimizer_of(nn.ModuleList(m.module for m in members))
    epochs = torch.zeros(work.schedule.epochs, len(members))
    with torch.random.fork_rng(devices=[]), _one_thread():
        step = way(work, members)
        passed, planned = 0, work.schedule.epochs * sum(len(member.rows) for member in members)
        for total in epochs:
            for active in _iterate_steps(members, work.schedule.batch):
                optimizer.zero_grad()
                losses = step(active)
                torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                for at, loss in losses.items():
                    total[at] += loss.detach() * len(active[at])
                passed += sum(map(len, active.values()))
                if not _go_on(passed, planned):
                    return
    for at, member in enumerate(members):
        member.losses = (epochs[:, at] / len(member.rows)).numpy()
        _check_finite(member.losses)


def _iterate_steps(members: Sequence[_Member], batch: int) -> Iterator[Active]:
    """One epoch: at each step the members that still have a batch, and its clips."""
    parts = []
    for member in members:
        with member.draws():
            parts.append([member.rows[part] for part in _draw_batches(len(member.rows), batch)])
    for number in range(max(map(len, parts))):
        yield {at: own[number] for at, own in enumerate(parts) if number < len(own)}
