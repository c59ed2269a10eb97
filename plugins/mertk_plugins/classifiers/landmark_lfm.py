"""A CNN and an LSTM over landmark feature maps: Choi and Song 2020."""

from __future__ import annotations

from typing import Any, Unpack

import mertk
from mertk.nn import classifier, training


class LandmarkLFMNetwork(classifier.NetworkClassifier):
    """A small CNN over the landmark map of each frame, and an LSTM over the frames.

    Takes one stream `[1, time, n, n]`, n at least 8, such as the extractor landmark_lfm gives.

    Args:
        maps: number of maps of the first convolution, 1 or more; the second has twice as many.
        hidden: width of the layer behind the convolutions and of the LSTM, 1 or more.
    """

    schedule = training.Schedule(epochs=100, lr=1e-3, batch=32)

    def __init__(
        self,
        *,
        maps: int = 16,
        hidden: int = 128,
        dropout: float = 0.5,
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if maps < 1 or hidden < 1 or not 0 <= dropout < 1:
            raise ValueError(
                f"maps={maps}, hidden={hidden}, dropout={dropout}: at least 1, 1, and in [0, 1)"
            )
        self.options: dict[str, Any] = {"maps": maps, "hidden": hidden, "dropout": dropout}

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for maps of one size; raises `ComponentError` for anything else."""
        from mertk_plugins.classifiers._landmark_lfm_net import MapNetwork

        found = [
            (name, shape[2])
            for name, shape in shapes.items()
            if len(shape) == 4 and shape[0] == 1 and shape[2] == shape[3] >= 8
        ]
        if len(shapes) != 1 or not found:
            raise mertk.ComponentError(
                "landmark_lfm takes one stream [1, time, n, n] of maps, such as the extractor "
                f"landmark_lfm gives; given: {classifier.list_streams(shapes)}"
            )
        return MapNetwork(*found[0], classes, **self.options)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier(
        "landmark_lfm",
        LandmarkLFMNetwork,
        paper="doi:10.1109/ACCESS.2020.3006958",
        needs=("torch",),
    )
