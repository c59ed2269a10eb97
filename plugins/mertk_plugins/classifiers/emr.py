"""EMR, two halves of a residual network's map, and an adversary: Liu et al. 2019."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Unpack

import numpy as np

import mertk
from mertk.nn import classifier, training

DOMAIN = "_domain"  # the stream of the number of a training clip's data set


class EMR(classifier.NetworkClassifier):
    """EMR: a residual network over a coloured flow picture, one output for each half of the face.

    Takes one stream `[1, 3, height, width]`, 224x224 in the paper, such as `flow_hsv` gives. The
    network's map is cut below 3/7 of its height: eyes above, mouth below. Each part's loss counts
    while training; predictions come from both.

    With an adversary, a second network predicts the data set of a training clip from the features
    of the two parts. Its gradient is reversed, so that the parts learn features that do not show
    the data set. In the paper it separates macro-expressions (of CK+, trained on alone) from
    micro-expressions; under a protocol that trains on macro-expressions of one data set it does so
    here. Where all training clips are of one data set, the adversary is left out.

    Args:
        network: name of the residual network in timm.
        pretrained: whether training starts from the weights that timm has for `network` (of
            ImageNet; the authors began with a face network); it fails where they cannot be had. If
            not, training starts from random weights.
        weights: a safetensors file with the weights of `network`, by timm names, in place of
            those that timm downloads; empty is none.
        backbone_lr: learning rate of the residual network, as a share of `lr`, above 0.
        adversary: weight of the adversary's loss, 0 or more; 0 is no adversary.
        ramp: number of training steps in which the reversed gradient rises to full strength, 1 or
            more.
    """

    schedule = training.Schedule(
        epochs=100,
        lr=1e-3,
        batch=32,
        weight_decay=1e-6,
        eps=1e-8,
        lr_decay=0.5,
        decay_every=10,
        max_norm=1.0,
    )

    def __init__(
        self,
        *,
        network: str = "resnet18",
        pretrained: bool = False,
        weights: str = "",
        dropout: float = 0.1,
        backbone_lr: float = 0.01,
        adversary: float = 0.0,
        ramp: int = 10_000,
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if backbone_lr <= 0:
            raise ValueError(f"backbone_lr={backbone_lr} must be above 0")
        if adversary < 0 or ramp < 1:
            raise ValueError(f"adversary={adversary}, ramp={ramp}: not below 0, at least 1")
        self.adversary, self.ramp = adversary, ramp
        self._sets = 1
        self.name, self.pretrained, self.weights = network, pretrained, weights
        self.parts = {"dropout": classifier.check_dropout(dropout), "backbone_lr": backbone_lr}

    def fit(
        self,
        train: mertk.TrainingSet[mertk.Streams],
        rng: np.random.Generator,
        /,
        through: Sequence[mertk.Differentiable] = (),
    ) -> None:
        """Train; with an adversary each clip has the number of its data set beside its picture."""
        people = [str(person).partition("/")[0] for person in train.people]
        sets, number = np.unique(people, return_inverse=True)
        self._sets = len(sets) if self.adversary else 1
        if self._sets > 1:
            inputs = [
                {**streams, DOMAIN: np.array([at], np.float32)}
                for streams, at in zip(train.inputs, number, strict=True)
            ]
            train = replace(train, inputs=inputs)
        super().fit(train, rng, through)

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for one picture; at least 64x64 pixels, so that its map has two rows."""
        from mertk_plugins.classifiers._emr_net import EMRNetwork

        seen = {name: shape for name, shape in shapes.items() if name != DOMAIN}
        stream, _ = classifier.check_picture_stream("emr", seen, least=64)
        net = classifier.create_backbone(
            "emr",
            self.name,
            pretrained=self.pretrained,
            weights=self.weights,
            num_classes=0,
            global_pool="",
        )
        adversary = {"weight": self.adversary, "ramp": self.ramp, "sets": self._sets}
        return EMRNetwork(stream, net, classes, adversary=adversary, **self.parts)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("emr", EMR, needs=("torch", "timm"))
