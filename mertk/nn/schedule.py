"""How a network is trained: optimizer, learning rate, loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict, get_args

from mertk.core.offers import get_offer
from mertk.nn.losses import focal, margin, sigmoid_focal

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Loss = Literal["cross_entropy", "focal", "focal_binary", "margin"]
Optimizer = Literal["adam", "adamw", "sgd"]
Precision = Literal["float32", "tf32", "bf16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How a network is trained.

    Args:
        epochs: how many times all training clips are gone through, 1 or more; the network after the
            last epoch is kept.
        lr: learning rate at the beginning, above 0.
        batch: number of training clips in a step, 2 or more.
        loss: what training minimises: `cross_entropy`; `focal` (Lin et al. 2017), in which clips
            that are already predicted well count less; `focal_binary`, the same for each class
            against the rest; or `margin` (Sabour et al. 2017), for networks that give the length of
            a capsule for each class. In multi-label training `margin` stays as it is, and any other
            loss is computed from the sigmoid of each class.
        gamma: exponent of the focal losses, 0 or more; with a larger value, clips that are already
            predicted well count less. Without effect on other losses.
        margins: two lengths between 0 and 1, for the loss `margin` alone: the capsule of the true
            class costs where it is shorter than the first, that of any other class where it is
            longer than the second.
        alpha: whether the loss of a clip is weighted by the inverse frequency of its class among
            the training clips.
        optimizer: `adam`, `adamw` (Adam with decoupled weight decay) or `sgd` (stochastic gradient
            descent with momentum).
        weight_decay: strength of the penalty on large weights, 0 or more; 0 is none.
        eps: small number above 0 that `adam` and `adamw` add to a denominator, against division by
            0. Without effect on `sgd`.
        momentum: share of the last step that `sgd` adds to the next one, 0 or more and below 1.
            Without effect on other optimizers.
        lr_decay: what the learning rate is multiplied by every `decay_every` epochs, above 0 and at
            most 1; 1 keeps it.
        decay_every: number of epochs between two changes of the learning rate, 1 or more.
        max_norm: largest norm of the gradient of a step, 0 or more; a larger gradient is shortened
            to it. 0 sets no limit.
        precision: how products are rounded in training: `float32`; `tf32`, which a GPU may use for
            single precision; or `bf16`, 16 bits in a network's layers, which changes numbers on
            every device. Scores depend on it.
    """

    epochs: int
    lr: float
    batch: int = 128
    loss: Loss = "cross_entropy"
    gamma: float = 2.0
    margins: tuple[float, float] = (0.9, 0.1)
    alpha: bool = False
    optimizer: Optimizer = "adam"
    weight_decay: float = 0.0
    eps: float = 1e-7
    momentum: float = 0.9
    lr_decay: float = 1.0
    decay_every: int = 1
    max_norm: float = 0.0
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 2:  # batch norm needs 2 samples
            raise ValueError(f"epochs={self.epochs}, batch={self.batch}: at least 1 and 2")
        if not (self.lr > 0 and self.eps > 0):
            raise ValueError(f"lr={self.lr}, eps={self.eps} must be above 0")
        if self.precision not in get_args(Precision):
            raise ValueError(f"precision={self.precision!r} is not float32, tf32 or bf16")
        if self.gamma < 0 or self.weight_decay < 0:
            raise ValueError(f"gamma={self.gamma}, weight_decay={self.weight_decay}: not below 0")
        if not 0 <= self.momentum < 1 or self.max_norm < 0:
            raise ValueError(
                f"momentum={self.momentum}, max_norm={self.max_norm}: in [0, 1), not below 0"
            )
        if not 0 < self.lr_decay <= 1 or self.decay_every < 1:
            raise ValueError(
                f"lr_decay={self.lr_decay}, decay_every={self.decay_every}: in (0, 1], at least 1"
            )
        margins = tuple(self.margins)  # a list where it comes from JSON
        if len(margins) != 2 or not 0 <= min(margins) <= max(margins) <= 1:
            raise ValueError(f"margins={list(margins)}: two lengths between 0 and 1")
        object.__setattr__(self, "margins", margins)

    def optimizer_of(self, module: nn.Module) -> torch.optim.Optimizer:
        """The optimizer of a network's weights, those of each part at its own rate."""
        import torch

        groups, decay = _group_weights(module, self.lr), self.weight_decay
        if self.optimizer == "sgd":
            return torch.optim.SGD(
                groups, lr=self.lr, momentum=self.momentum, weight_decay=decay, fused=True
            )
        kind = torch.optim.AdamW if self.optimizer == "adamw" else torch.optim.Adam
        # fused: a fifth of a patch network's training step on a CPU
        return kind(groups, lr=self.lr, eps=self.eps, weight_decay=decay, fused=True)

    def loss_of(self, logits: Tensor, target: Tensor, weights: Tensor) -> Any:
        """The loss of logits `[samples, classes]`, or of `[samples, heads, classes]`, summed.

        `weights` are those of classes `[classes]`, or multi-label `[classes, 2]`.
        """
        if logits.ndim == 3:
            return sum(self.loss_of(head, target, weights) for head in logits.unbind(1))
        if self.loss == "margin":
            return margin(logits, target, margins=self.margins, alpha=weights)
        gamma = 0.0 if self.loss == "cross_entropy" else self.gamma
        if target.ndim == 2:
            return sigmoid_focal(logits, target, gamma=gamma, alpha=weights)
        binary = self.loss == "focal_binary"
        return focal(logits, target, gamma=gamma, alpha=weights, binary=binary)


class TrainingOptions(TypedDict, total=False):
    """The fields of `Schedule`, as optional keyword parameters of a network's constructor."""

    epochs: int
    lr: float
    batch: int
    loss: Loss
    gamma: float
    margins: tuple[float, float]
    alpha: bool
    optimizer: Optimizer
    weight_decay: float
    eps: float
    momentum: float
    lr_decay: float
    decay_every: int
    max_norm: float
    precision: Precision


def compute_added_loss(module: nn.Module, target: Tensor) -> Any:
    """What parts of a network add to the loss: by a method `penalty`, or `auxiliary(target)`.

    A penalty is on weights. The other is called just after `forward`, which may have kept what it
    needs of the batch.
    """
    parts: list[Any] = list(module.modules())
    total = 0
    for part in parts:
        penalty = get_offer("network", part, "penalty")
        total += penalty() if penalty else 0
    for part in parts:
        auxiliary = get_offer("network", part, "auxiliary")
        total += auxiliary(target) if auxiliary else 0
    return total


def _group_weights(module: nn.Module, lr: float) -> list[dict[str, Any]]:
    """The weights that train, and their learning rate, by the `lr_scale` of their part."""
    scaled = {
        weight: float(vars(part)["lr_scale"])
        for part in module.modules()
        if "lr_scale" in vars(part)
        for weight in part.parameters()
    }
    groups: dict[float, list[Any]] = {}
    for weight in module.parameters():
        if weight.requires_grad:
            groups.setdefault(scaled.get(weight, 1.0), []).append(weight)
    return [{"params": params, "lr": lr * scale} for scale, params in groups.items()]
