"""VideoMAE of the library transformers: weights of a file or of the hub, or a small random one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import VideoMAEConfig, VideoMAEModel

import mertk

_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # the colours that it was trained on
_SMALL = {
    "hidden_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 192,
}


class FrozenVideo(nn.Module):
    """Tokens of a clip, averaged over positions."""

    mean: Tensor
    spread: Tensor

    def __init__(self, body: Any) -> None:
        super().__init__()
        self.body = body
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None])
        self.register_buffer("spread", torch.tensor(_SPREAD)[:, None, None])

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """Pixels `[regions, time, 3, h, w]`, 0 to 255 → features `[regions, moments, features]`."""
        x = (streams["pixels"].float() / 255 - self.mean) / self.spread
        tokens = self.body(x).last_hidden_state
        moments = x.shape[1] // self.body.config.tubelet_size
        found: Tensor = tokens.unflatten(1, (moments, -1)).mean(2)
        return found


def create_network(
    name: str, *, pretrained: bool, weights: str, frames: int, size: int
) -> FrozenVideo:
    """The network; raises `ComponentError` where its weights cannot be had, or are of another."""
    if weights:
        body = _read_file(Path(weights))
    elif pretrained:
        try:
            body = VideoMAEModel.from_pretrained(name, use_safetensors=True)
        except (OSError, ValueError) as error:
            reason = str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
            raise mertk.ComponentError(
                f"videomae: the weights of {name} cannot be loaded ({reason}); connect to the "
                "Internet once, or give a file (weights=FOLDER/model.safetensors). Random weights "
                "(pretrained=false) only show that the pipeline runs"
            ) from error
    else:
        body = VideoMAEModel(VideoMAEConfig(**_SMALL, num_frames=frames, image_size=size))
    config = body.config
    if (config.num_frames, config.image_size) != (frames, size):
        raise mertk.ComponentError(
            f"videomae: this network takes {config.num_frames} frames of {config.image_size} "
            f"pixels, not {frames} of {size}; set frames and size"
        )
    return FrozenVideo(body)


def _read_file(file: Path) -> Any:
    """A network from a safetensors file, and config.json beside it; without that, the base one."""
    beside = file.with_name("config.json")
    try:
        known = load_file(file)
        config = VideoMAEConfig.from_json_file(beside) if beside.is_file() else VideoMAEConfig()
    except (OSError, ValueError, SafetensorError) as error:
        raise mertk.ComponentError(
            f"videomae: the weights {file} cannot be read ({error}); give a safetensors file"
        ) from error
    body = VideoMAEModel(config)
    tensors = {name.removeprefix("videomae."): tensor for name, tensor in known.items()}
    own = body.state_dict()
    bad = [n for n in own if n not in tensors or tensors[n].shape != own[n].shape]
    if bad:
        raise mertk.ComponentError(
            f"videomae: {file} are not weights of this network: {len(bad)} of {len(own)} tensors "
            f"are missing or have another shape, such as {min(bad)}"
        )
    body.load_state_dict({name: tensors[name] for name in own})
    return body
