"""A vision transformer as it comes, looking at the onset and at the apex: a baseline of our own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.nn import classifier, training
from mertk.vision import resampling


class TimmVitPair:
    """Features of a frozen vision transformer: those of the apex minus those of the onset.

    Gives `[regions, 2 * dim]`. Each region, in colour, goes through the transformer twice; the
    onset's tokens are subtracted from the apex's, position by position, and their mean and
    maximum over positions kept. Nothing is trained.

    Args:
        backbone: a name of timm, whose weights have licences of their own.
        pretrained: whether the transformer has the weights that timm downloads; if not, they are
            random, always the same ones, and no connection to the Internet is needed.
        weights: a safetensors file with the weights of `backbone`, by timm names, in place of
            those that timm downloads; empty is none.
        size: side that a region is resized to, in pixels, 1 or more.
    """

    def __init__(
        self,
        *,
        backbone: str = "vit_small_patch14_dinov2.lvd142m",
        pretrained: bool = True,
        weights: str = "",
        size: int = 224,
    ) -> None:
        if size < 1:
            raise ValueError(f"size={size}; at least 1 pixel")
        self.backbone, self.pretrained, self.size = backbone, pretrained, size
        self.weights = weights
        self._net: Any = None

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, 2 * dim]`; raises `DataError` for a clip without frames.

        Raises `ComponentError` where the weights cannot be had, or do not belong to a vision
        transformer that takes pictures of this size.
        """
        if not len(faces.frames):
            raise mertk.DataError("timm_vit_pair needs frames; this clip has a flow map alone")
        import torch

        pair = [self._cut_regions(faces.frames[at], regions) for at in (faces.onset, faces.peak)]
        with training.seed_torch(np.random.default_rng(0)), torch.inference_mode():
            net = self._load_once()
            config = net.pretrained_cfg
            mean, spread = (torch.tensor(config[key])[:, None, None] for key in ("mean", "std"))
            pixels = torch.from_numpy(np.concatenate(pair)).movedim(-1, 1).float() / 255
            onset, apex = self._compute_tokens(net, (pixels - mean) / spread).chunk(2)
            moved = apex - onset
            return torch.cat([moved.mean(1), moved.amax(1)], 1).numpy()

    def _cut_regions(self, frame: NDArray[np.uint8], regions: mertk.Regions) -> NDArray[np.uint8]:
        """One frame's regions `[regions, size, size, 3]`."""
        size = (self.size, self.size)
        return np.stack(
            [resampling.resize_picture(frame[window], size) for window in regions.windows()]
        )

    def _compute_tokens(self, net: Any, pixels: Any) -> Any:
        """`[pictures, positions, dim]`, without class and register tokens."""
        found = net.forward_features(pixels)
        if found.ndim != 3:
            raise mertk.ComponentError(
                f"timm_vit_pair: {self.backbone} is no vision transformer; it gives "
                f"{list(found.shape)}, not [pictures, tokens, dim]"
            )
        return found[:, net.num_prefix_tokens :]

    def _load_once(self) -> Any:
        """The network, made once; an error is kept and raised again, as a download takes long."""
        if self._net is None:
            try:
                self._net = classifier.create_backbone(
                    "timm_vit_pair",
                    self.backbone,
                    pretrained=self.pretrained,
                    weights=self.weights,
                    num_classes=0,
                    img_size=self.size,
                ).eval()
            except mertk.ComponentError as error:
                self._net = error
        if isinstance(self._net, mertk.ComponentError):
            raise self._net
        return self._net


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("timm_vit_pair", TimmVitPair, needs=("torch", "timm"))
