"""A recurrent network per region, side by side: Aouayeb et al. 2019."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mertk
from mertk_plugins.fusion._one_stream import one_stream


class LSTMConcat:
    """An LSTM per region; their last states side by side.

    Takes a stream `[regions, time, features]` of one length (see `pad_time`) and gives
    `[regions, hidden]`.

    Args:
        hidden: number of values in an LSTM's state, 1 or more.
        dropout: see `mertk.nn.classifier.NetworkClassifier`.
        stream: see `mertk_plugins.fusion._one_stream.one_stream`.
    """

    def __init__(
        self, *, hidden: int = 64, dropout: float = 0.2, stream: str | None = None
    ) -> None:
        if hidden < 1 or not 0 <= dropout < 1:
            raise ValueError(f"hidden={hidden}, dropout={dropout}: above 0, and in [0, 1)")
        self.hidden, self.dropout, self.stream = hidden, dropout, stream

    def module(self, shapes: Mapping[str, tuple[int, ...]], /) -> Any:
        """The network, for a classifier to train together with itself."""
        from mertk_plugins.fusion._lstm_net import RegionLSTM

        stream = one_stream("lstm_concat", shapes, self.stream, "regions, time, features")
        regions, _, features = shapes[stream]
        return RegionLSTM(
            stream, regions, features, hidden=self.hidden, dropout=self.dropout, gate=None
        )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.fusion("lstm_concat", LSTMConcat, paper="hal:hal-02334439", needs=("torch",))
