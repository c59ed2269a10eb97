"""MMNet, muscle motion with position codes: Li et al. 2022."""

from __future__ import annotations

from typing import Any, Unpack

import mertk
from mertk.nn import classifier, training


class MMNet(classifier.NetworkClassifier):
    """MMNet: attention to the change from onset to apex, with a position branch for the onset.

    Takes two streams of the whole face in colour: `motion` `[1, 3, side, side]`, the apex minus the
    onset, 224 pixels in the paper, and `onset` `[1, 3, side/16, side/16]`, both as the extractor
    pixels gives them. Half of the training clips, drawn anew in each step, are mirrored.

    Args:
        width: what the numbers of maps are multiplied by, above 0 and at most 1; 1 is the paper's.
        degrees: largest angle by which training clips are turned, in degrees, 0 or more.
        shift: largest distance by which training clips are shifted, as a share of the side, 0 or
            more and below 1; the paper shifts by 15 of 224 pixels.
    """

    schedule = training.Schedule(
        epochs=74, lr=8e-4, batch=32, optimizer="adamw", weight_decay=0.6, eps=1e-8, lr_decay=0.987
    )

    def __init__(
        self,
        *,
        width: float = 1.0,
        degrees: float = 3.0,
        shift: float = 15 / 224,
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if not 0 < width <= 1 or degrees < 0 or not 0 <= shift < 1:
            raise ValueError(
                f"width={width}, degrees={degrees}, shift={shift}: in (0, 1], not below 0, in "
                "[0, 1)"
            )
        self.layers = {"width": width, "degrees": degrees, "shift": shift}

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for both streams; raises `ComponentError` where their sizes do not fit."""
        from mertk_plugins.classifiers._mmnet_net import STRIDE, MMNetwork

        hint = f"of the extractor pixels with colour=true, the motion {STRIDE} times as large"
        _, (*_, places, _) = classifier.find_stream(
            "mmnet", shapes, (1, 3, "side", "side"), hint, name="onset"
        )
        classifier.find_stream("mmnet", shapes, (1, 3, *[places * STRIDE] * 2), hint, name="motion")
        return MMNetwork(places, classes, **self.layers)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("mmnet", MMNet, paper="arxiv:2201.05297", needs=("torch", "timm"))
