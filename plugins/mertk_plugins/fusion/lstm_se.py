"""A recurrent network per region, weighted by squeeze and excitation: Aouayeb et al. 2022."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import mertk
from mertk_plugins.fusion._one_stream import one_stream


class LSTMSE:
    """An LSTM per region; their last states weighted by squeeze and excitation.

    Takes a stream `[regions, time, features]` of one length (see `pad_time`) and gives
    `[regions, hidden]`. The report shows each region's mean weight.

    Args:
        hidden: number of values in an LSTM's state, 1 or more.
        dropout: see `mertk.nn.classifier.NetworkClassifier`.
        ratio: width of the inner layer of squeeze and excitation, as a share of the number of
            weights, above 0 and at most 1.
        gate: what has a weight: `features`, each of the regions·hidden values, as in the authors'
            code; or `regions`, each region, as in the paper's words.
        stream: see `mertk_plugins.fusion._one_stream.one_stream`.
    """

    def __init__(
        self,
        *,
        hidden: int = 64,
        dropout: float = 0.2,
        ratio: float = 0.25,
        gate: Literal["features", "regions"] = "features",
        stream: str | None = None,
    ) -> None:
        if hidden < 1 or not 0 <= dropout < 1 or not 0 < ratio <= 1:
            raise ValueError(
                f"hidden={hidden}, dropout={dropout}, ratio={ratio}: above 0, in [0, 1), in (0, 1]"
            )
        self.hidden, self.dropout, self.ratio = hidden, dropout, ratio
        self.gate, self.stream = gate, stream

    def module(self, shapes: Mapping[str, tuple[int, ...]], /) -> Any:
        """The network, for a classifier to train together with itself."""
        from mertk_plugins.fusion._lstm_net import Gate, RegionLSTM

        stream = one_stream("lstm_se", shapes, self.stream, "regions, time, features")
        regions, _, features = shapes[stream]
        gate = Gate(regions, self.hidden, self.ratio, per_region=self.gate == "regions")
        return RegionLSTM(
            stream, regions, features, hidden=self.hidden, dropout=self.dropout, gate=gate
        )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.fusion("lstm_se", LSTMSE, paper="doi:10.3389/frsip.2022.861469", needs=("torch",))
