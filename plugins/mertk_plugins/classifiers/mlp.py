"""A small fully connected network: the head of Aouayeb et al. 2022."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Unpack

import mertk
from mertk.nn import classifier, training


class MLP(classifier.NetworkClassifier):
    """Fully connected layers; the differentiable blocks before them are trained with them.

    Args:
        hidden: widths of the hidden layers, each 1 or more.
        l1: strength of the L1 penalty on the weights of the hidden layers, 0 or more.
        init: how the hidden layers' weights begin: `he`, by He et al. 2015; or `code`, the authors'
            normal distribution of standard deviation 0.1.
    """

    schedule = training.Schedule(epochs=250, lr=5e-5, loss="focal", alpha=True)

    def __init__(
        self,
        *,
        hidden: Sequence[int] = (256,),
        dropout: float = 0.5,
        l1: float = 0.0,
        init: Literal["he", "code"] = "he",
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if any(width < 1 for width in hidden) or not 0 <= dropout < 1 or l1 < 0:
            raise ValueError(
                f"hidden={list(hidden)}, dropout={dropout}, l1={l1}: widths above 0, dropout in "
                "[0, 1), l1 not below 0"
            )
        self.layers: dict[str, Any] = {
            "hidden": tuple(hidden),
            "dropout": dropout,
            "l1": l1,
            "init": init,
        }

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The layers, for streams of these shapes."""
        from mertk_plugins.classifiers._mlp_net import MLPNet

        return MLPNet(shapes, classes, **self.layers)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("mlp", MLP, paper="doi:10.3389/frsip.2022.861469", needs=("torch",))
