"""FeatRef, features refined for each expression: Zhou et al. 2022."""

from __future__ import annotations

from typing import Any, Unpack

import mertk
from mertk.nn import classifier, training


class FeatRef(classifier.NetworkClassifier):
    """FeatRef: shared flow features, refined by attention for each class.

    Takes one stream `[1, 2, height, width]`, horizontal and vertical flow of the whole face, 28x28
    in the paper. Two inception blocks for each of both give shared features; each class has an
    attention over them, whose output separates the class from all others (its proposal), and a last
    layer takes all refined features. The idea is the paper's; its layer sizes were not at hand.

    Args:
        hidden: number of shared features, 1 or more.
        proposal: weight of the loss of the proposals against that of the last layer, 0 or more.
    """

    schedule = training.Schedule(epochs=100, lr=1e-4, batch=32, eps=1e-8)

    def __init__(
        self,
        *,
        hidden: int = 256,
        dropout: float = 0.5,
        proposal: float = 1.0,
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if hidden < 1 or not 0 <= dropout < 1 or proposal < 0:
            raise ValueError(
                f"hidden={hidden}, dropout={dropout}, proposal={proposal}: above 0, in [0, 1), not "
                "below 0"
            )
        self.layers: dict[str, Any] = {"hidden": hidden, "dropout": dropout, "proposal": proposal}

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for one picture of u and v."""
        from mertk_plugins.classifiers._featref_net import FeatRefNetwork

        stream, size = classifier.check_picture_stream("featref", shapes, channels=2)
        return FeatRefNetwork(stream, size, classes, **self.layers)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("featref", FeatRef, paper="arxiv:2101.04838", needs=("torch",))
