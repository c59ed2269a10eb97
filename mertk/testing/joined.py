"""A trailing block that a classifier trains through its module, as a fusion block by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import ComponentError
from mertk.core.interfaces import Differentiable
from mertk.nn import training

if TYPE_CHECKING:
    from mertk.core.clips import Streams, TrainingSet


class Joined:
    """The module of a `Differentiable` block with the weights that it starts from."""

    def __init__(self, block: Differentiable) -> None:
        self.block = block

    def fit(self, train: TrainingSet[Streams], rng: np.random.Generator, /) -> None:
        """Build the module for the shapes of the training clips; its weights are drawn by `rng`."""
        stacked = training.stack_streams(train.inputs)
        shapes = {name: array.shape[1:] for name, array in stacked.items()}
        with training.seed_torch(rng):
            self.module = self.block.module(shapes).eval()

    def fuse(self, streams: Streams, /) -> Streams:
        """The module's streams of one clip; raises `ComponentError` for anything but tensors."""
        import torch

        given = {name: torch.tensor(np.asarray(array))[None] for name, array in streams.items()}
        with torch.inference_mode():
            found = self.module(given)
        if not isinstance(found, dict) or not all(map(torch.is_tensor, found.values())):
            raise ComponentError("its module does not give a dict of tensors")
        # a block may give several samples of a clip, one after the other
        return {n: t[0].numpy() if len(t) == 1 else t.numpy() for n, t in found.items()}


def make_runnable(kind: str, component: Any) -> Any:
    """The component, in `Joined` where it is a block that has a module and no `fuse`."""
    joint = isinstance(component, Differentiable) and not hasattr(component, "fuse")
    return Joined(component) if kind == "fusion" and joint else component
