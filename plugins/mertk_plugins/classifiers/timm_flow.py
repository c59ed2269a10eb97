"""Any network of the timm library over one flow picture."""

from __future__ import annotations

from typing import Any, Unpack

import mertk
from mertk.nn import classifier, training


class TimmFlow(classifier.NetworkClassifier):
    """A network of timm, such as a ResNet-18, over an onset-to-apex flow picture.

    Takes one stream `[1, 3, height, width]`, 112x112 in Varanka et al. 2023.

    Args:
        network: name of the network in timm.
        pretrained: whether training starts from the weights that timm has for `network`, most of
            them of ImageNet; it fails where they cannot be had. If not, training starts from random
            weights.
        weights: a safetensors file with the weights of `network`, by timm names, in place of
            those that timm downloads; empty is none.
    """

    schedule = training.Schedule(epochs=200, lr=0.01, optimizer="sgd", weight_decay=1e-3, eps=1e-8)

    def __init__(
        self,
        *,
        network: str = "resnet18",
        pretrained: bool = False,
        weights: str = "",
        dropout: float = 0.0,
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        self.name, self.pretrained, self.weights = network, pretrained, weights
        self.dropout = classifier.check_dropout(dropout)

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for one picture; raises `ComponentError` where its size must be another."""
        from mertk_plugins.classifiers._timm_flow_net import TimmNetwork

        stream, size = classifier.check_picture_stream("timm_flow", shapes, least=32)
        net = classifier.create_backbone(
            "timm_flow",
            self.name,
            pretrained=self.pretrained,
            weights=self.weights,
            num_classes=classes,
            drop_rate=self.dropout,
        )
        fixed = net.default_cfg.get("fixed_input_size") and net.default_cfg["input_size"][1:]
        if fixed and tuple(fixed) != size:
            raise mertk.ComponentError(
                f"timm_flow: {self.name} takes pictures of {fixed[0]}x{fixed[1]} pixels alone, not "
                f"{size[0]}x{size[1]}; set extractor.size={fixed[0]}"
            )
        return TimmNetwork(stream, net)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("timm_flow", TimmFlow, paper="arxiv:2211.11425", needs=("torch", "timm"))
