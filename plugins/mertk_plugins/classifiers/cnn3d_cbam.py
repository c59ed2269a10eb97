"""A 3D convolutional network with attention blocks: Chen et al. 2020."""

from __future__ import annotations

from typing import Any, Unpack

import mertk
from mertk.nn import classifier, training


class CNN3DCBAM(classifier.NetworkClassifier):
    """Four 3D convolutions with channel attention and spatio-temporal attention (CBAM).

    Takes one stream `[1, time, 1, height, width]` of grey frames of the whole face, 0 to 255, from
    8 frames of 16x16 pixels.

    Args:
        width: number of maps of the first convolution, 1 or more; the next ones have 2, 4 and 8
            times as many.
        ratio: what the number of maps is divided by in the inner layer of the attention to
            channels, 1 or more.
    """

    schedule = training.Schedule(epochs=100, lr=1e-3, batch=16)

    def __init__(
        self,
        *,
        width: int = 16,
        ratio: int = 16,
        dropout: float = 0.5,
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if width < 1 or ratio < 1 or not 0 <= dropout < 1:
            raise ValueError(
                f"width={width}, ratio={ratio}, dropout={dropout}: at least 1, 1, and in [0, 1)"
            )
        self.options: dict[str, Any] = {"width": width, "ratio": ratio, "dropout": dropout}

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for clips of one length."""
        from mertk_plugins.classifiers._cnn3d_cbam_net import CBAMNetwork

        stream, _ = classifier.check_clip_stream("cnn3d_cbam", shapes, least=(8, 16), regions=1)
        return CBAMNetwork(stream, classes, **self.options)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("cnn3d_cbam", CNN3DCBAM, paper="doi:10.3390/info11080380", needs=("torch",))
