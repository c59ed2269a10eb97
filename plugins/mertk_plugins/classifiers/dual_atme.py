"""Dual-ATME, two branches of attention over flow: Zhou et al. 2023."""

from __future__ import annotations

from typing import Any, Unpack

import mertk
from mertk.nn import classifier, training


class DualATME(classifier.NetworkClassifier):
    """Dual-ATME: one branch for the flow of the whole face, one for four selected windows.

    Takes one stream `[5, 3, side, side]` with values in [0, 1], 28 pixels in the paper: flow and
    strain of the face and of the four windows of the ROI scheme htnet4 with `face=true`. The
    windows, halved, are put together to one picture.

    Args:
        hidden: width of the layer on both branches, 1 or more.
        contrast: weight of the cosine distance between the features of the two branches in the
            loss, 0 or more.
    """

    schedule = training.Schedule(
        epochs=60, lr=1e-3, loss="focal", eps=1e-8, lr_decay=0.5, decay_every=10
    )

    def __init__(
        self,
        *,
        hidden: int = 1024,
        dropout: float = 0.5,
        contrast: float = 0.01,
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if hidden < 1 or not 0 <= dropout < 1 or contrast < 0:
            raise ValueError(
                f"hidden={hidden}, dropout={dropout}, contrast={contrast}: above 0, in [0, 1), not "
                "below 0"
            )
        self.layers: dict[str, Any] = {"hidden": hidden, "dropout": dropout, "contrast": contrast}

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for a face and four windows; raises `ComponentError` below 4 pixels."""
        from mertk_plugins.classifiers._dual_atme_net import DualATMENetwork

        hint = (
            "with a side that 4 divides, of the extractor flow for the ROI scheme htnet4:face=true"
        )
        stream, (*_, side) = classifier.find_stream(
            "dual_atme", shapes, (5, 3, "side", "side"), hint
        )
        whole = 4 * max(1, side // 4)
        classifier.find_stream("dual_atme", shapes, (5, 3, whole, whole), hint)
        return DualATMENetwork(stream, side, classes, **self.layers)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("dual_atme", DualATME, paper="doi:10.3390/e25030460", needs=("torch",))
