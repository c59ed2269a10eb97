"""Features of a network that was trained on something else: after Patel et al. 2016."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

import mertk
from mertk.nn import classifier, training
from mertk_plugins.extractors.pixels import Pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray


class FrozenCNN:
    """The mean over frames of a frozen network's features, of length 1: `[regions, features]`.

    `network` is any of timm's names, such as `resnet18.tv_in1k` (ImageNet), `vit_small_patch14_
    dinov2`, or `hf_hub:` with a repository. timm downloads its weights when they are first needed.
    `pretrained=false` takes random weights, always the same ones of a `seed`. `frames` moments of
    onset … offset are looked at, resized to `size` pixels, in colour. Weights of networks that were
    trained on faces may know the clips; this component cannot tell.
    """

    def __init__(
        self,
        *,
        network: str = "resnet18.tv_in1k",
        pretrained: bool = True,
        seed: int = 0,
        frames: int = 10,
        size: int = 224,
        resample: Literal["linear", "tim"] = "linear",
    ) -> None:
        if seed < 0:
            raise ValueError(f"seed={seed} is below 0")
        self.weights = (network, pretrained, seed)
        self.pixels = Pixels(
            frame="clip", size=size, colour=True, raw=True, frames=frames, resample=resample
        )

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, features]`; raises `ComponentError` where the weights cannot be had."""
        found = _network(*self.weights).apply({"pixels": self.pixels.extract(faces, regions)})
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.maximum(lengths, 1e-12), np.float32)


@functools.lru_cache(maxsize=2)
def _network(name: str, pretrained: bool, seed: int) -> training.Trained:
    """The network, ready to be asked, once a process."""
    from mertk_plugins.extractors._frozen_cnn_net import Frozen

    with training.seeded(np.random.default_rng(seed)):
        body = classifier.backbone("frozen_cnn", name, pretrained=pretrained, num_classes=0)
    module: Any = Frozen(body).to(training.device()).eval()
    return training.Trained(module, np.empty(0, bool), np.empty(0, np.float32))


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Offer the extractor."""
    register.extractor(
        "frozen_cnn", FrozenCNN, paper="doi:10.1109/ICPR.2016.7899972", needs=("torch", "timm")
    )
