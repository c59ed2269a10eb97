"""Capsules over the first stages of a ResNet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from mertk.nn import classifier
from mertk_plugins.classifiers._capsules_net import ClassCapsules, PrimaryCapsules, compute_logits
from mertk_plugins.classifiers._turned_net import crop_middle, jitter_light, turn_and_crop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

CAPSULE = 8


class CapsuleNetwork(nn.Module):
    """ResNet-18 up to its third stage, without its first pooling; a convolution; capsules."""

    def __init__(
        self,
        stream: str,
        crop: int,
        classes: int,
        *,
        width: int,
        kernel: int,
        augment: bool,
        pretrained: bool,
        weights: str,
    ) -> None:
        super().__init__()
        self.stream, self.crop, self.augment = stream, crop, augment
        body = classifier.create_backbone(
            "me_capsule",
            "resnet18.tv_in1k" if pretrained else "resnet18",
            pretrained=pretrained,
            weights=weights,
            num_classes=0,
            zero_init_last=False,  # as torchvision's, which the authors' code starts from
            channels=(width, 2 * width, 4 * width, 8 * width),
        )
        self.trunk = nn.Sequential(
            body.conv1, body.bn1, nn.ReLU(), body.layer1, body.layer2, body.layer3
        )
        maps = 4 * width
        self.conv = nn.Conv2d(maps, maps, kernel)
        self.primary = PrimaryCapsules(maps, maps, CAPSULE, kernel, stride=2)
        side = (compute_trunk_size(crop) - 2 * kernel + 1) // 2 + 1
        self.capsules = ClassCapsules(side * side * maps // CAPSULE, CAPSULE, classes)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """One picture a clip `[clips, 1, 3, h, h]`, 0 to 255 → logits `[clips, classes]`.

        The trunk sees colours of 0 to 1, as in the authors' code, also with weights of ImageNet.
        """
        x = streams[self.stream][:, 0].float() / 255
        if self.training and self.augment:
            x = turn_and_crop(jitter_light(x, 0.2), self.crop, degrees=8)
        else:
            x = crop_middle(x, self.crop)
        x = self.trunk(x)
        return compute_logits(self.capsules(self.primary(functional.relu(self.conv(x)))))


def compute_trunk_size(size: int) -> int:
    """Pixels a side that the trunk leaves of `size`: it halves three times, rounding up."""
    return -(-size // 8)
