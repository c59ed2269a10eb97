"""EMR, two halves of a residual network's map: Liu et al. 2019, without its adversary."""

from __future__ import annotations

from typing import Any

import mertk
from mertk import networks, training


class EMR(networks.NetworkClassifier):
    """A residual network over one coloured flow picture, classified as a whole and in two parts.

    Takes one stream `[1, 3, height, width]`, 224x224 in the paper, such as `flow_hsv` gives. The
    network's map is cut below 3/7 of its height: eyes above, mouth below. Each part's loss counts
    while training; predictions come from both. `pretrained` loads what timm has for `network`
    (ImageNet; the authors began with a face network) and fails where that cannot be had; without
    it, training starts from scratch. `backbone_lr` is the residual network's part of `lr`.
    Multi-label training takes the loss of each class's sigmoid.

    The paper's adversary, which makes macro- and micro-expressions alike, is not here: it needs
    macro-expression clips among the training clips.
    """

    def __init__(
        self,
        *,
        network: str = "resnet18",
        pretrained: bool = False,
        dropout: float = 0.1,
        epochs: int = 100,
        lr: float = 1e-3,
        backbone_lr: float = 0.01,
        batch: int = 32,
        loss: training.Loss = "cross_entropy",
        gamma: float = 2.0,
        alpha: bool = False,
        weight_decay: float = 1e-6,
        lr_decay: float = 0.5,
        decay_every: int = 10,
        max_norm: float = 1.0,
    ) -> None:
        if backbone_lr <= 0:
            raise ValueError(f"backbone_lr={backbone_lr} must be above 0")
        self.name, self.pretrained = network, pretrained
        self.parts = {"dropout": networks.dropout(dropout), "backbone_lr": backbone_lr}
        self.schedule = training.Schedule(
            epochs=epochs, lr=lr, batch=batch, loss=loss, gamma=gamma, alpha=alpha,
            weight_decay=weight_decay, lr_decay=lr_decay, decay_every=decay_every,
            max_norm=max_norm, eps=1e-8,
        )  # fmt: skip

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for one picture; at least 64x64 pixels, so that its map has two rows."""
        from mertk_plugins.classifiers._emr_net import EMRNetwork

        stream, _ = networks.picture("emr", shapes, least=64)
        net = networks.backbone(
            "emr", self.name, pretrained=self.pretrained, num_classes=0, global_pool=""
        )
        return EMRNetwork(stream, net, classes, **self.parts)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Offer the classifier."""
    register.classifier("emr", EMR, needs=("torch", "timm"))
