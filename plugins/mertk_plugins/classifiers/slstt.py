"""SLSTT, a vision transformer over a sequence of flow pictures: Zhang et al. 2022."""

from __future__ import annotations

from typing import Any, Literal, Unpack

import mertk
from mertk.nn import classifier, training


class SLSTT(classifier.NetworkClassifier):
    """SLSTT: a vision transformer for each of several flow pictures, then an LSTM over time.

    Takes one stream `[1, time, 3, side, side]`, flow pictures in colour as the extractor
    flow_sequence gives them, 11 of 384 pixels in the original. All is trained together.

    Args:
        backbone: name of a vision transformer in timm whose patches fit the side.
        pretrained: whether training starts from the weights that timm downloads; if not, from
            random ones, and no connection to the Internet is needed.
        weights: a safetensors file with the weights of `backbone`, by timm names, in place of
            those that timm downloads; empty is none.
        depth: number of layers of an untrained backbone that are kept, 0 or more; 0 keeps all.
        aggregate: what becomes of the pictures' class tokens: `lstm`, an LSTM takes them one after
            the other; `mean`, they are averaged.
        dropout: share of the values that the layers of the transformer set to 0, drawn anew in each
            training step, 0 or more and below 1.
    """

    schedule = training.Schedule(
        epochs=40,
        lr=0.01,
        batch=2,
        optimizer="sgd",
        weight_decay=1e-4,
        lr_decay=0.1,
        decay_every=30,
    )

    def __init__(
        self,
        *,
        backbone: str = "vit_base_patch16_384.orig_in21k_ft_in1k",
        pretrained: bool = True,
        weights: str = "",
        depth: int = 0,
        aggregate: Literal["lstm", "mean"] = "lstm",
        dropout: float = 0.1,
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if depth < 0 or (depth and pretrained):
            raise ValueError(f"depth={depth}: 0, or with pretrained=false above 0")
        self.backbone, self.pretrained, self.depth = backbone, pretrained, depth
        self.weights = weights
        self.dropout = classifier.check_dropout(dropout)
        self.recurrent = aggregate == "lstm"

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for one sequence; raises `ComponentError` where timm cannot give it."""
        from mertk_plugins.classifiers._slstt_net import SLSTTNetwork

        hint = "such as the extractor flow_sequence gives for the ROI scheme whole"
        axes = (1, "time", 3, "side", "side")
        stream, (*_, side) = classifier.find_stream("slstt", shapes, axes, hint)
        options: dict[str, Any] = {"img_size": side, "proj_drop_rate": self.dropout}
        options |= {"depth": self.depth} if self.depth else {}
        net = classifier.create_backbone(
            "slstt",
            self.backbone,
            pretrained=self.pretrained,
            weights=self.weights,
            num_classes=0,
            **options,
        )
        return SLSTTNetwork(stream, net, classes, recurrent=self.recurrent)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("slstt", SLSTT, paper="arxiv:2112.05851", needs=("torch", "timm"))
