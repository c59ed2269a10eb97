"""Two inception branches: the whole flow picture, with attention, and a puzzle of its places."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from mertk_plugins.classifiers._inception_net import Inception
from mertk_plugins.classifiers._tiles_net import tile_windows

WIDTHS = (6, 12)
REDUCTION = 16


class DualATMENetwork(nn.Module):
    """`auxiliary` is `contrast` times how far apart the branches' features of a batch are."""

    def __init__(
        self, stream: str, side: int, classes: int, *, hidden: int, dropout: float, contrast: float
    ) -> None:
        super().__init__()
        self.stream, self.contrast = stream, contrast
        maps = 4 * WIDTHS[-1]
        self.whole = nn.Sequential(_make_trunk(), Attention(maps))
        self.puzzle = _make_trunk()
        self.wide = nn.Linear(2 * maps * (side // 4) ** 2, hidden)
        self.norm, self.dropout = nn.BatchNorm1d(hidden), nn.Dropout(dropout)
        self.head = nn.Linear(hidden, classes)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The stream `[clips, 5, 3, side, side]`, face first → logits `[clips, classes]`."""
        pictures = 2 * streams[self.stream] - 1
        face = self.whole(pictures[:, 0]).flatten(1)
        windows = functional.avg_pool2d(tile_windows(pictures[:, 1:]), 2)
        places = self.puzzle(windows).flatten(1)
        self.apart = 1 - functional.cosine_similarity(face, places)
        x = functional.relu(self.norm(self.wide(torch.cat([face, places], 1))))
        logits: Tensor = self.head(self.dropout(x))
        return logits

    def auxiliary(self, _target: Tensor) -> Tensor:
        """What the trainer adds to the loss."""
        return self.contrast * self.apart.mean()


class Attention(nn.Module):
    """Weights maps, then places: the convolutional block attention of Woo et al. 2018."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.maps = nn.Sequential(
            nn.Linear(maps, maps // REDUCTION), nn.ReLU(), nn.Linear(maps // REDUCTION, maps)
        )
        self.places = nn.Conv2d(2, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """`[clips, maps, h, w]` → the same, weighted."""
        weights = torch.sigmoid(self.maps(x.mean((2, 3))) + self.maps(x.amax((2, 3))))
        x = x * weights[:, :, None, None]
        seen = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.places(seen))


def _make_trunk() -> nn.Sequential:
    first, second = WIDTHS
    return nn.Sequential(
        Inception(3, first, norm=True),
        nn.MaxPool2d(2),
        Inception(4 * first, second, norm=True),
        nn.MaxPool2d(2),
    )
