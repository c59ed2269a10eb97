"""MicroExpSTCNN and MicroExpFuseNet, one 3D convolution over all frames: Reddy et al. 2019."""

from __future__ import annotations

from typing import Any, Literal, Unpack

import mertk
from mertk.nn import classifier, training


class MicroExpSTCNN(classifier.NetworkClassifier):
    """One 3D convolution over all frames of the face, or of several regions (MicroExpFuseNet).

    Takes one stream `[regions, time, 1, height, width]` of grey frames: one region of 64x64 pixels
    in the paper, or eyes and mouth of 32x32. At least 17 frames. Each region's mean over the clip
    is subtracted and the rest divided by its maximum; the authors' code takes mean and maximum of
    all clips, test clips included.

    Args:
        fusion: where several regions meet: `late`, behind layers of their own; `intermediate`,
            before layers that they share. Without effect on a single region.
    """

    schedule = training.Schedule(epochs=100, lr=0.01, batch=16, optimizer="sgd", momentum=0.0)

    def __init__(
        self,
        *,
        fusion: Literal["intermediate", "late"] = "intermediate",
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        self.late = fusion == "late"

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for clips of one length."""
        from mertk_plugins.classifiers._microexpstcnn_net import DEPTH, MicroExpNetwork

        stream, shape = classifier.check_clip_stream("microexpstcnn", shapes, least=(DEPTH + 2, 5))
        return MicroExpNetwork(stream, shape, classes, late=self.late)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("microexpstcnn", MicroExpSTCNN, paper="arxiv:1904.01390", needs=("torch",))
