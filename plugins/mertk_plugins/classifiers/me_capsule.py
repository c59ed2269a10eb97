"""CapsuleNet, capsules over the apex frame: Quang et al. 2019."""

from __future__ import annotations

from typing import Any, Unpack

import mertk
from mertk.nn import classifier, training


class MECapsule(classifier.NetworkClassifier):
    """CapsuleNet: capsules with routing over the first stages of ResNet-18, on the apex frame.

    Takes one stream `[1, 3, size, size]` of pixels 0 to 255 in colour (240 in the paper). The
    length of a class's capsule is its probability; they are scaled to sum 1 unless training is
    multi-label.

    Args:
        crop: side of the part of the picture that is used, in pixels; above 16 · (`kernel` -
            1).
        width: number of maps of the first stage, 2 or more; pretrained weights have 64.
        kernel: side of the kernels of the two convolutions after the third stage, 1 or more.
        augment: whether training uses a random part of the picture, turned by up to 8 degrees,
            mirrored or not, with changed brightness, contrast and saturation; if not, and when
            predicting, it is the middle part.
        pretrained: whether training starts from the weights of ImageNet, which timm downloads; if
            not, from random ones.
        weights: a safetensors file with the weights of `resnet18`, by timm names, in place of
            those that timm downloads; empty is none.
    """

    schedule = training.Schedule(
        epochs=30, lr=1e-4, batch=32, loss="margin", margins=(0.99, 0.01), alpha=True, lr_decay=0.9
    )

    def __init__(
        self,
        *,
        crop: int = 224,
        width: int = 64,
        kernel: int = 9,
        augment: bool = True,
        pretrained: bool = True,
        weights: str = "",
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if width < 2 or kernel < 1 or -(-crop // 8) < 2 * kernel - 1:
            raise ValueError(
                f"crop={crop}, width={width}, kernel={kernel}: at least 2 maps, and for the two "
                f"convolutions a crop above {8 * (2 * kernel - 2)}"
            )
        if (pretrained or weights) and width != 64:
            raise ValueError(f"width={width}: the pretrained weights are of width 64")
        self.crop = crop
        self.options: dict[str, Any] = {
            "width": width,
            "kernel": kernel,
            "augment": augment,
            "pretrained": pretrained,
            "weights": weights,
        }

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for one picture of at least `crop` pixels."""
        from mertk_plugins.classifiers._me_capsule_net import CapsuleNetwork

        stream, _ = classifier.check_picture_stream(
            "me_capsule", shapes, least=self.crop, source="pixels"
        )
        return CapsuleNetwork(stream, self.crop, classes, **self.options)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("me_capsule", MECapsule, needs=("torch", "timm"))
