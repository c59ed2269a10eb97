"""ICE-GAN, capsules trained beside a generator of expressions: Yu et al. 2021."""

from __future__ import annotations

from typing import Any, Unpack

import mertk
from mertk.nn import classifier, training


class ICEGAN(classifier.NetworkClassifier):
    """ICE-GAN: a capsule network trained on faces and on faces that a generator makes.

    Takes one stream `[1, 1, side, side]` of grey pixels 0 to 255; the side is a power of 2 from 64
    on (128 in the paper). The generator, a U-Net, is given a training picture, noise and a class,
    drawn evenly, and changes the face so that it shows that class. It is fitted in the fold,
    together with the capsules, and has no part in predicting. The capsules separate the
    classes, and real pictures from generated ones.

    Args:
        width: number of maps of the first layers, a multiple of 4.
        noise: number of random values that the generator is given, 1 or more.
        identity: weight of the difference between a generated picture and the one that it was made
            from, 0 or more.
        reconstruction: weight of the difference between a picture and what is decoded from its
            longest class capsule, 0 or more.
    """

    schedule = training.Schedule(
        epochs=100, lr=1e-3, batch=16, loss="margin", alpha=True, lr_decay=0.97
    )

    def __init__(
        self,
        *,
        width: int = 64,
        noise: int = 100,
        identity: float = 1.0,
        reconstruction: float = 0.0005,
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if width < 4 or width % 4 or noise < 1 or identity < 0 or reconstruction < 0:
            raise ValueError(
                f"width={width}, noise={noise}, identity={identity}, "
                f"reconstruction={reconstruction}: a multiple of 4, above 0, both not below 0"
            )
        self.options: dict[str, Any] = {
            "width": width,
            "noise": noise,
            "identity": identity,
            "reconstruction": reconstruction,
        }

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """Both networks; raises `ComponentError` where the side is no power of 2 from 64 on."""
        from mertk_plugins.classifiers._icegan_net import ICEGANNetwork

        stream, (height, side) = classifier.check_picture_stream(
            "icegan", shapes, channels=1, least=64, source="pixels"
        )
        if height != side or side & (side - 1):
            raise mertk.ComponentError(
                f"icegan halves a square picture down to one pixel; this one has {height}x{side}: "
                "use the extractor pixels with size=64 or 128"
            )
        return ICEGANNetwork(stream, side, classes, **self.options)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("icegan", ICEGAN, paper="arxiv:2005.04370", needs=("torch",))
