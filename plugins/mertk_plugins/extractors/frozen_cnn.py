"""Features of a network that was trained on something else: after Patel et al. 2016."""

from __future__ import annotations

import functools
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.nn import classifier, training
from mertk_plugins.extractors.pixels import Pixels


class FrozenCNN:
    """Features of a pretrained, frozen network: those of the apex minus those of the onset.

    Gives `[regions, features]`, each row of length 1, or 0 where nothing differs. Nothing is
    trained. Weights of networks that were trained on faces may know the clips; this component
    cannot tell. Random weights make random features: with them a classifier can learn its training
    clips by heart, and recognises little.

    Args:
        network: a name of timm, such as `resnet18.tv_in1k` (ImageNet) or
            `vit_small_patch14_dinov2`, or `hf_hub:` and a repository of Hugging Face.
        pretrained: whether the network has the weights that timm downloads when they are first
            needed; if not, they are random.
        weights: a safetensors file with the weights of `network`, by timm names, in place of
            those that timm downloads; empty is none.
        seed: random seed of the random weights, 0 or more; without effect on pretrained ones.
        pool: `difference`, the features of the apex frame minus those of the onset frame, without
            an apex those of the middle frame; `mean`, the mean over the frames of the clip.
        frames: number of moments of onset … offset that `mean` is over, 1 or more.
        size: side that a region is resized to, in pixels, 1 or more.
        resample: see `mertk_plugins.extractors.pixels.Pixels`.
    """

    def __init__(
        self,
        *,
        network: str = "resnet18.tv_in1k",
        pretrained: bool = True,
        weights: str = "",
        seed: int = 0,
        pool: Literal["difference", "mean"] = "difference",
        frames: int = 10,
        size: int = 224,
        resample: Literal["linear", "tim"] = "linear",
    ) -> None:
        if seed < 0:
            raise ValueError(f"seed={seed} is below 0")
        self.weights = (network, pretrained, weights, seed)
        self.pool = pool
        shown: dict[str, Any] = {"size": size, "colour": True, "raw": True}
        if pool == "mean":
            self.pixels = [Pixels(frame="clip", frames=frames, resample=resample, **shown)]
        else:
            self.pixels = [Pixels(frame="onset", **shown), Pixels(frame="apex", **shown)]

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, features]`; raises `ComponentError` where the weights cannot be had."""
        network = _load_network(*self.weights)
        parts = [pixels.extract(faces, regions) for pixels in self.pixels]
        if self.pool == "mean":
            found = network.apply({"pixels": parts[0]})
        else:
            onset, apex = (network.apply({"pixels": part[:, None]}) for part in parts)
            found = apex - onset
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.maximum(lengths, 1e-12), np.float32)


@functools.lru_cache(maxsize=2)
def _load_network(name: str, pretrained: bool, weights: str, seed: int) -> training.Trained:
    """The network, ready to be asked, once a process."""
    from mertk_plugins.extractors._frozen_cnn_net import Frozen

    with training.seed_torch(np.random.default_rng(seed)):
        body = classifier.create_backbone(
            "frozen_cnn", name, pretrained=pretrained, weights=weights, num_classes=0
        )
    module: Any = Frozen(body, drawn=not (pretrained or weights)).to(training.get_device()).eval()
    return training.Trained(module, np.empty(0, bool), np.empty(0, np.float32))


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor(
        "frozen_cnn", FrozenCNN, paper="doi:10.1109/ICPR.2016.7899972", needs=("torch", "timm")
    )
