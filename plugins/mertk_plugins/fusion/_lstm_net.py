"""An LSTM per facial region, and the gate that weights their last states."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.01


class RegionLSTM(nn.Module):
    """Each region's sequence through an LSTM of its own: the last state, LeakyReLU, dropout.

    `gate` then weights the states of all regions. Replaces one stream, leaves others as they are.
    """

    def __init__(
        self,
        stream: str,
        regions: int,
        features: int,
        *,
        hidden: int,
        dropout: float,
        gate: nn.Module | None,
    ) -> None:
        super().__init__()
        self.stream = stream
        self.lstms = nn.ModuleList(_make_lstm(features, hidden) for _ in range(regions))
        self.dropout = nn.Dropout(dropout)
        self.gate = nn.Identity() if gate is None else gate

    def forward(self, streams: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The stream `[clips, regions, time, features]` → `[clips, regions, hidden]`."""
        x = streams[self.stream]
        last = [lstm(x[:, at])[1][0][-1] for at, lstm in enumerate(self.lstms)]
        states = self.dropout(functional.leaky_relu(torch.stack(last, 1), SLOPE))
        return {**streams, self.stream: self.gate(states)}


class Gate(nn.Module):
    """Excitation of the regions' states: a weight per state, or per region (`per_region`).

    `shown` keeps the mean weight of each region, `region_weights` `[clips, regions]`.
    """

    def __init__(self, regions: int, hidden: int, ratio: float, *, per_region: bool) -> None:
        super().__init__()
        self.per_region = per_region
        width = regions if per_region else regions * hidden
        self.reduce = nn.Linear(width, max(1, round(width * ratio)))
        self.expand = nn.Linear(self.reduce.out_features, width)
        nn.init.normal_(self.reduce.weight, std=0.01)
        nn.init.xavier_uniform_(self.expand.weight)
        nn.init.zeros_(self.reduce.bias)
        nn.init.zeros_(self.expand.bias)
        self.shown: dict[str, Tensor] = {}

    def forward(self, states: Tensor) -> Tensor:
        """`[clips, regions, hidden]` → the same, weighted."""
        squeezed = states.mean(2) if self.per_region else states.flatten(1)
        gate = torch.sigmoid(self.expand(functional.leaky_relu(self.reduce(squeezed), SLOPE)))
        gate = gate.reshape(*states.shape[:2], -1)
        self.shown = {"region_weights": gate.detach().mean(2)}
        return states * gate


def _make_lstm(features: int, hidden: int) -> nn.LSTM:
    """An LSTM that starts as the authors' Keras one, and has as many weights as it.

    torch adds two bias vectors where Keras has one. The second one stays at zero and is not
    trained, or the bias would learn at twice the rate.
    """
    lstm = nn.LSTM(features, hidden, batch_first=True)
    weights = dict(lstm.named_parameters())
    nn.init.normal_(weights["weight_ih_l0"], std=0.01)
    nn.init.orthogonal_(weights["weight_hh_l0"])
    nn.init.zeros_(weights["bias_ih_l0"])
    nn.init.ones_(weights["bias_ih_l0"].data[hidden : 2 * hidden])  # the forget gate begins open
    nn.init.zeros_(weights["bias_hh_l0"])
    weights["bias_hh_l0"].requires_grad_(False)
    return lstm
