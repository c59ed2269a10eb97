"""Recurrent convolutional networks with parameter-free modules: Xia et al. 2020."""

from __future__ import annotations

from typing import Any, Literal, Unpack

import mertk
from mertk.nn import classifier, training


class RCN(classifier.NetworkClassifier):
    """RCN: a shallow recurrent convolution over an onset-to-apex flow picture, in five variants.

    Takes one stream `[1, 3, height, width]`, 60x60 in the paper. What distinguishes the variants
    has no weights of its own.

    Args:
        variant: `a`, attention by the classifier's own weights; `s`, short connections; `w`, three
            dilated streams; `p`, two streams, short connections and attention, found by
            architecture search; `f`, the three streams with attention inside the block.
        maps: number of maps of the recurrent convolution, a multiple of 4.
        pool: side of the map that is classified, 1 or more.
    """

    schedule = training.Schedule(
        epochs=100, lr=5e-4, batch=64, optimizer="sgd", eps=1e-8, lr_decay=0.5, decay_every=10
    )

    def __init__(
        self,
        *,
        variant: Literal["a", "s", "w", "p", "f"] = "a",
        maps: int = 64,
        pool: int = 7,
        dropout: float = 0.5,
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if maps < 4 or maps % 4 or pool < 1:
            raise ValueError(f"maps={maps}, pool={pool}: a multiple of 4, and at least 1")
        self.parts: dict[str, Any] = {
            "variant": variant,
            "maps": maps,
            "pool": pool,
            "dropout": classifier.check_dropout(dropout),
        }

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for one picture; at least 8x8 pixels survive its poolings."""
        from mertk_plugins.classifiers._rcn_net import RCNetwork

        stream, _ = classifier.check_picture_stream("rcn", shapes, least=8)
        return RCNetwork(stream, classes, **self.parts)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("rcn", RCN, paper="arxiv:2006.09674", needs=("torch",))
