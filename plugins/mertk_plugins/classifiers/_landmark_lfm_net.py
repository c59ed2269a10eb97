"""A small CNN over the map of each frame, and a recurrent network over the frames."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional


class MapNetwork(nn.Module):
    """Two convolutions and a layer per frame, an LSTM over frames, a layer on its last state."""

    def __init__(
        self, stream: str, side: int, classes: int, *, maps: int, hidden: int, dropout: float
    ) -> None:
        super().__init__()
        self.stream = stream
        self.conv1 = nn.Conv2d(1, maps, 5, stride=2, padding=2)
        self.conv2 = nn.Conv2d(maps, 2 * maps, 3, padding=1)
        pooled = (side + 1) // 2 // 2 // 2
        self.layer = nn.Linear(2 * maps * pooled**2, hidden)
        self.lstm = LSTM(hidden)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, classes)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """Maps `[clips, 1, time, n, n]` → logits `[clips, classes]`."""
        given = streams[self.stream]
        clips, _, time, *side = given.shape
        x = given.reshape(clips * time, 1, *side)
        x = functional.relu(functional.max_pool2d(self.conv1(x), 2))
        x = functional.relu(functional.max_pool2d(self.conv2(x), 2))
        x = functional.relu(self.layer(x.flatten(1))).reshape(clips, time, -1)
        logits: Tensor = self.head(self.dropout(self.lstm(x)))
        return logits


class LSTM(nn.Module):
    """An LSTM as wide as its input, in plain steps: torch's own cannot be stacked by vmap."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.given = nn.Linear(width, 4 * width)
        self.kept = nn.Linear(width, 4 * width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """A sequence `[clips, time, width]` → its last state `[clips, width]`."""
        sums = self.given(x)
        state = cell = torch.zeros_like(x[:, 0])
        for at in range(x.shape[1]):
            take, forget, give, new = (sums[:, at] + self.kept(state)).chunk(4, 1)
            cell = forget.sigmoid() * cell + take.sigmoid() * new.tanh()
            state = give.sigmoid() * cell.tanh()
        return state
