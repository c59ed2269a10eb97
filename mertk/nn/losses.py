"""Losses of logits `[samples, classes]`: focal (γ = 0 is cross-entropy), and capsules' margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def focal(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    alpha: Tensor | None = None,
    binary: bool = False,
) -> Tensor:
    """The mean focal loss of Lin et al. 2017: −α (1−p)^γ log p; γ = 0 is cross-entropy.

    `logits` `[samples, classes]`, `target` `[samples]`, `alpha` `[classes]`. With `binary` every
    class counts as one against the rest: p is that of the class, or 1−p where it is not the true
    one, summed over classes.
    """
    import torch
    from torch.nn import functional

    if binary:
        truth = functional.one_hot(target, logits.shape[1]).bool()
        found = logits.softmax(1)
        right = torch.where(truth, found, 1 - found).clamp(1e-7, 1.0)
        right = torch.where(right < 1, right, 1.0)  # (1 - 1)^γ is endlessly steep for γ < 1
        losses = -((1 - right) ** gamma * right.log()).sum(1)
    else:
        logs = logits.log_softmax(1).gather(1, target[:, None])[:, 0]
        losses = _focus_logs(logs, gamma)
    return losses.mean() if alpha is None else (losses * alpha[target]).mean()


def sigmoid_focal(
    logits: Tensor, target: Tensor, *, gamma: float = 2.0, alpha: Tensor | None = None
) -> Tensor:
    """The mean focal loss of multi-label targets; γ = 0 is binary cross-entropy.

    `logits` and `target` `[samples, classes]`, `alpha` `[classes, 2]` for absence and presence.
    """
    import torch
    from torch.nn import functional

    logs = functional.logsigmoid(torch.where(target.bool(), logits, -logits))
    losses = _focus_logs(logs, gamma)
    if alpha is not None:
        losses = losses * torch.where(target.bool(), alpha[:, 1], alpha[:, 0])
    return losses.mean()


def margin(
    logits: Tensor,
    target: Tensor,
    *,
    margins: tuple[float, float] = (0.9, 0.1),
    alpha: Tensor | None = None,
) -> Tensor:
    """The mean margin loss of Sabour et al. 2017 for logits whose sigmoid is a capsule's length.

    A true class costs (m⁺ − length)² below m⁺, any other half of (length − m⁻)² above m⁻, summed
    over classes; `margins` are m⁺ and m⁻. `target` `[samples]` with `alpha` `[classes]`, or
    multi-label `[samples, classes]` with `[classes, 2]` for absence and presence.
    """
    import torch
    from torch.nn import functional

    lengths = logits.sigmoid()
    many = target.ndim == 2
    truth = target.bool() if many else functional.one_hot(target, logits.shape[1]).bool()
    present = functional.relu(margins[0] - lengths) ** 2
    absent = 0.5 * functional.relu(lengths - margins[1]) ** 2
    losses = torch.where(truth, present, absent)
    if alpha is not None:
        weights = torch.where(truth, alpha[:, 1], alpha[:, 0]) if many else alpha[target][:, None]
        losses = losses * weights
    return losses.sum(1).mean()


def _focus_logs(logs: Tensor, gamma: float) -> Tensor:
    """−(1−p)^γ log p, from log p."""
    return -logs if gamma == 0 else -((1 - logs.exp()).clamp(min=1e-7) ** gamma) * logs
