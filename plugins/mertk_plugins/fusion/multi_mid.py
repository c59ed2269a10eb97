"""Training on many moments of a clip, and asking about all of them (an idea of Ra-ICL 2026)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mertk
from mertk_plugins.fusion._one_stream import one_stream


class MultiMid:
    """Several frames of a clip as samples of its class: data augmentation without apex.

    Takes a stream `[regions, moments, …]`, such as flow_sequence (16 moments in the middle of the
    clip) or dynamic_image gives, and gives `[regions, …]` to a network classifier, which is trained
    through it. In each epoch a training clip shows one moment, drawn anew. When a clip is predicted
    it shows all of them, and the network's logits are averaged. The moments of a test clip are thus
    never trained on: they come with their clip.

    Args:
        stream: name of the stream with the moments; null takes the only one. All others pass
            unchanged.
    """

    def __init__(self, *, stream: str | None = None) -> None:
        self.stream = stream

    def module(self, shapes: Mapping[str, tuple[int, ...]], /) -> Any:
        """The part without weights that draws, for a classifier to train through."""
        from mertk_plugins.fusion._multi_mid_net import MultiMidNet

        return MultiMidNet(one_stream("multi_mid", shapes, self.stream, "regions, moments, …"))


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.fusion("multi_mid", MultiMid, needs=("torch",))
