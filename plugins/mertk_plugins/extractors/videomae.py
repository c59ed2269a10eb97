"""Features of a frozen VideoMAE (Tong et al. 2022), which the library transformers provides."""

from __future__ import annotations

import functools
import importlib.util
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.nn import training
from mertk_plugins.extractors.pixels import Pixels


class VideoMAE:
    """Features of VideoMAE, a pretrained and frozen video transformer.

    Gives `[regions, features]`: means of the network's tokens over positions. Weights are loaded
    when the first clip is looked at. Where they cannot be had, that is an error. Needs the library
    transformers (`pip install 'mertk[videomae]'`).

    Args:
        network: name of a VideoMAE on the hub of Hugging Face, whose weights have licences of their
            own.
        pretrained: whether the network has the weights of `network`, which are downloaded when they
            are first needed; if not, it is a small one with random weights, which only shows that
            the pipeline runs.
        weights: a safetensors file with the weights, in place of those of the hub; `config.json`
            beside it tells of the network, else it is VideoMAE-Base; empty is none.
        pool: `difference`, the features at the apex minus those at the onset, without an apex those
            in the middle; `mean`, the mean over time.
        frames: number of frames of onset … offset that the network sees, an even number; the
            networks of the hub take 16.
        size: side that a region is resized to, in pixels, a multiple of 16; the networks of the hub
            take 224.
    """

    def __init__(
        self,
        *,
        network: str = "MCG-NJU/videomae-base",
        pretrained: bool = True,
        weights: str = "",
        pool: Literal["difference", "mean"] = "difference",
        frames: int = 16,
        size: int = 224,
    ) -> None:
        if frames < 2 or frames % 2 or size < 16 or size % 16:
            raise ValueError(f"frames={frames}, size={size}: a multiple of 2, and one of 16")
        self.weights = (network, pretrained, weights, frames, size)
        self.pool, self.frames = pool, frames
        self.pixels = Pixels(frame="clip", frames=frames, size=size, colour=True, raw=True)

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, features]`; raises `ComponentError` where the weights cannot be had.

        Raises `MissingPackageError` without transformers.
        """
        found = _load_network(*self.weights)
        if isinstance(found, mertk.MertkError):
            raise found
        moments = found.apply({"pixels": self.pixels.extract(faces, regions)})
        if self.pool == "mean":
            return np.asarray(moments.mean(axis=1), np.float32)
        length = max(faces.offset - faces.onset, 1)
        frame = round((faces.peak - faces.onset) / length * (self.frames - 1))
        tubelet = self.frames // moments.shape[1]
        return np.asarray(moments[:, frame // tubelet] - moments[:, 0], np.float32)


@functools.lru_cache(maxsize=2)
def _load_network(
    name: str, pretrained: bool, weights: str, frames: int, size: int
) -> training.Trained | mertk.MertkError:
    """The network, or why there is none, once a process: a download that fails takes long."""
    if importlib.util.find_spec("transformers") is None:
        return mertk.MissingPackageError(
            "videomae needs the package 'transformers', which is not installed: "
            "pip install 'mertk[videomae]'"
        )
    from mertk_plugins.extractors._videomae_net import create_network

    try:
        with training.seed_torch(np.random.default_rng(0)):
            net = create_network(
                name, pretrained=pretrained, weights=weights, frames=frames, size=size
            )
    except mertk.ComponentError as error:
        return error
    module: Any = net.to(training.get_device()).eval()
    return training.Trained(module, np.empty(0, bool), np.empty(0, np.float32))


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("videomae", VideoMAE, paper="arxiv:2203.12602", needs=("torch",))
