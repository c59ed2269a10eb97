"""Shared flow features, refined for each class, then classified together."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from mertk_plugins.classifiers._inception_net import Inception

WIDTHS = (6, 16)


class FeatRefNetwork(nn.Module):
    """An inception stream each for u and v, an attention and a proposal for each class, one layer.

    `auxiliary` is the proposal loss: of each class against all others, from its refined
    features.
    """

    def __init__(
        self,
        stream: str,
        size: tuple[int, int],
        classes: int,
        *,
        hidden: int,
        dropout: float,
        proposal: float,
    ) -> None:
        super().__init__()
        self.stream, self.classes, self.proposal = stream, classes, proposal
        self.streams = nn.ModuleList(_make_trunk() for _ in "uv")
        maps = 2 * 4 * WIDTHS[-1] * (size[0] // 4) * (size[1] // 4)
        self.shared = nn.Linear(maps, hidden)
        self.attend = nn.Linear(hidden, classes * hidden)
        self.dropout = nn.Dropout(dropout)
        self.propose = nn.Parameter(torch.empty(classes, hidden))
        self.offset = nn.Parameter(torch.zeros(classes))
        self.head = nn.Linear(classes * hidden, classes)
        nn.init.xavier_uniform_(self.propose)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The stream `[clips, 1, 2, h, w]` → logits `[clips, classes]`."""
        flow = streams[self.stream][:, 0]
        seen = [trunk(flow[:, at : at + 1]).flatten(1) for at, trunk in enumerate(self.streams)]
        shared = functional.relu(self.shared(torch.cat(seen, 1)))
        weights = torch.sigmoid(self.attend(shared)).reshape(len(shared), self.classes, -1)
        refined = self.dropout(weights * shared[:, None])
        self.proposals = (refined * self.propose).sum(2) + self.offset
        logits: Tensor = self.head(refined.flatten(1))
        return logits

    def auxiliary(self, target: Tensor) -> Tensor:
        """`proposal` times the mean binary cross-entropy of the proposals of the last batch."""
        truth = target if target.ndim == 2 else functional.one_hot(target, self.classes)
        loss = functional.binary_cross_entropy_with_logits(self.proposals, truth.float())
        return self.proposal * loss


def _make_trunk() -> nn.Sequential:
    first, second = WIDTHS
    return nn.Sequential(
        Inception(1, first), nn.MaxPool2d(2), Inception(4 * first, second), nn.MaxPool2d(2)
    )
