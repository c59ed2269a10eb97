"""Squeeze and excitation over facial regions: Hu et al. 2018."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mertk
from mertk_plugins.fusion._one_stream import one_stream


class SE:
    """Weights for the regions by squeeze and excitation, trained with the classifier.

    Takes a stream `[regions, features]` or one with more axes. The values of a region are averaged
    to one number; two layers turn these numbers into a weight between 0 and 1 per region. The
    report shows the weights.

    Args:
        ratio: width of the inner layer, as a share of the number of regions, above 0 and at most 1.
        stream: see `mertk_plugins.fusion._one_stream.one_stream`.
    """

    def __init__(self, *, ratio: float = 0.25, stream: str | None = None) -> None:
        if not 0 < ratio <= 1:
            raise ValueError(f"ratio={ratio} is not in (0, 1]")
        self.ratio, self.stream = ratio, stream

    def module(self, shapes: Mapping[str, tuple[int, ...]], /) -> Any:
        """The network, for a classifier to train together with itself."""
        from mertk_plugins.fusion._se_net import RegionSE

        stream = one_stream("se", shapes, self.stream, "regions, …")
        return RegionSE(stream, shapes[stream][0], self.ratio)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.fusion("se", SE, paper="arxiv:1709.01507", needs=("torch", "timm"))
