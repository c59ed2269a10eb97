"""The proxy anchor loss of Kim et al. 2020, as a part that adds to a network's loss."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class ProxyAnchor(nn.Module):
    """One trained proxy for each class; a proxy attracts its class and pushes the others away.

    `forward` keeps the features of a batch and gives them back; `auxiliary` adds the loss.
    """

    def __init__(
        self, width: int, classes: int, *, weight: float, alpha: float, margin: float
    ) -> None:
        super().__init__()
        self.proxies = nn.Parameter(torch.empty(classes, width))
        nn.init.kaiming_normal_(self.proxies, mode="fan_out")
        self.weight, self.alpha, self.margin = weight, alpha, margin
        self._kept: list[Tensor] = []

    def forward(self, features: Tensor) -> Tensor:
        """`[clips, width]` → the same."""
        if self.training:
            self._kept = [features]
        return features

    def auxiliary(self, target: Tensor) -> Tensor:
        """The weighted loss of the batch; `target` `[clips]`, or multi-label `[clips, classes]`."""
        (features,) = self._kept
        self._kept = []
        return self.weight * proxy_anchor(
            features, self.proxies, target, alpha=self.alpha, margin=self.margin
        )


def proxy_anchor(
    features: Tensor, proxies: Tensor, target: Tensor, *, alpha: float, margin: float
) -> Tensor:
    """The loss of features `[clips, width]` and proxies `[classes, width]`, by cosine similarity.

    The mean over proxies that have clips in the batch of log(1 + Σ exp(-alpha (s - margin))), over
    the clips of that class, plus the mean over all proxies of log(1 + Σ exp(alpha (s + margin))),
    over the clips of other classes.
    """
    similar = functional.normalize(features, dim=1) @ functional.normalize(proxies, dim=1).T
    truth = target.bool()
    if target.ndim == 1:
        truth = functional.one_hot(target, len(proxies)).bool()
    near = (-alpha * (similar - margin)).masked_fill(~truth, -torch.inf)
    far = (alpha * (similar + margin)).masked_fill(truth, -torch.inf)
    zero = torch.zeros_like(similar[:1])
    pull = torch.cat([zero, near]).logsumexp(0)
    push = torch.cat([zero, far]).logsumexp(0)
    found: Tensor = pull.sum() / truth.any(0).sum().clamp(min=1) + push.mean()
    return found
