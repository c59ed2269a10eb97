"""Networks that are built alike as one, by `torch.vmap` over their stacked weights."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.func import functional_call, vmap

if TYPE_CHECKING:
    from torch import Tensor

Loss = Callable[["Tensor", "Tensor", "Tensor"], "Tensor"]
"""Of logits, targets and class weights."""


def draw_dropout_mask(share: float, shape: Sequence[int]) -> Tensor:
    """A dropout mask by the chances that torch's own dropout takes.

    Its `bernoulli_` compares just such numbers, in three times the time; only where torch uses
    Intel's library does it draw others.
    """
    kept = 1 - share
    return (torch.rand(*shape, dtype=torch.float64) < kept).float() / kept


@dataclass(slots=True, eq=False)
class Masks:
    """The masks of a network's dropout layers, drawn before it is called.

    `sites` are the layers in the order of their calls: share that is dropped, shape of a sample.
    """

    sites: list[tuple[float, tuple[int, ...]]] = field(default_factory=list)
    drawn: list[Tensor] | None = None

    def draw(self, samples: int) -> list[Tensor]:
        """Masks `[samples, …]` for one call, in the order of the layers."""
        return [draw_dropout_mask(share, (samples, *shape)) for share, shape in self.sites]

    def __call__(self, x: Tensor, share: float) -> Tensor:
        """The next layer's mask; while nothing is drawn, ones, and a note of the layer."""
        if self.drawn is None:
            self.sites.append((share, tuple(x.shape[1:])))
            return torch.ones_like(x)
        return self.drawn.pop(0)


class Masked(nn.Module):
    """Dropout by masks from elsewhere."""

    def __init__(self, share: float, masks: Callable[[Tensor, float], Tensor]) -> None:
        super().__init__()
        self.share, self.masks = share, masks

    def forward(self, x: Tensor) -> Tensor:
        """`[samples, …]` → the same."""
        return x * self.masks(x, self.share) if self.training else x


def masked_twin(module: nn.Module) -> nn.Module:
    """A copy, in training, that shares weights and buffers, and whose dropout is fast."""
    shared: dict[int, Any] = {id(own): own for own in (*module.parameters(), *module.buffers())}
    return _exchange_dropout(
        copy.deepcopy(module, shared), lambda x, share: draw_dropout_mask(share, x.shape)
    ).train()


class Together:
    """Networks with weights of their own, called as one; `example` is one of their kind."""

    def __init__(self, example: nn.Module, streams: Mapping[str, Tensor], loss: Loss) -> None:
        self.loss, self.masks = loss, Masks()
        self.template = _exchange_dropout(copy.deepcopy(example), self.masks).train()
        self.template(streams)  # notes where dropout is

    def logits(self, networks: Sequence[nn.Module], streams: Mapping[str, Tensor]) -> Tensor:
        """Of all networks `[networks, samples, classes]` for the same samples, in evaluation."""
        self.template.eval()
        weights, kept = _stack_networks(networks)
        found: Tensor = vmap(self._call_template, in_dims=(0, 0, None))(weights, kept, streams)
        self.template.train()
        return found

    def losses(
        self,
        networks: Sequence[nn.Module],
        masks: Sequence[Sequence[Tensor]],
        streams: Mapping[str, Tensor],
        target: Tensor,
        alpha: Tensor,
    ) -> Tensor:
        """Losses in training `[networks]`, the leading axis of all arguments."""
        weights, kept = _stack_networks(networks)
        drawn = [torch.stack(site) for site in zip(*masks, strict=True)]

        def one(own: tuple[Any, Any], drawn: list[Tensor], given: tuple[Any, Any, Any]) -> Tensor:
            self.masks.drawn = list(drawn)
            streams, target, alpha = given
            return self.loss(self._call_template(*own, streams), target, alpha)

        found: Tensor = vmap(one)((weights, kept), drawn, (streams, target, alpha))
        for name, buffer in kept.items():
            for network, value in zip(networks, buffer, strict=True):
                network.get_buffer(name).copy_(value)
        return found

    def _call_template(
        self, weights: dict[str, Tensor], kept: dict[str, Tensor], streams: Mapping[str, Tensor]
    ) -> Tensor:
        found: Tensor = functional_call(self.template, (weights, kept), (dict(streams),))
        return found


def plan_joint_call(
    pair: tuple[nn.Module, nn.Module],
    streams: Mapping[str, Tensor],
    target: Tensor,
    alpha: Tensor,
    loss: Loss,
) -> Together | None:
    """How to call networks like this pair as one; None where `torch.vmap` does not take them.

    It is tried on the pair: a step of training must be possible, and in evaluation both must
    answer as they do alone. Control flow that depends on data, chance other than
    `nn.Dropout`, layers without a rule for many networks (LSTM) and values that differ between
    networks without being weights or buffers fail that.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # torch warns where it has no rule and loops
            whole = Together(pair[0], streams, loss)
            masks = [whole.masks.draw(len(target)) for _ in pair]
            twice = {name: torch.stack([x, x]) for name, x in streams.items()}
            both = torch.stack([target, target]), torch.stack([alpha, alpha])
            whole.losses(pair, masks, twice, *both).sum().backward()  # type: ignore[no-untyped-call]
            with torch.no_grad():
                found = whole.logits(pair, streams)
                alone = torch.stack([network.eval()(dict(streams)) for network in pair])
    except (RuntimeError, UserWarning):
        return None  # what is wrong with the network itself shows when it is trained alone
    return whole if torch.allclose(found, alone, rtol=1e-4, atol=1e-5) else None


def _stack_networks(networks: Sequence[nn.Module]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Weights and buffers `[networks, …]` by name."""
    weights = [dict(network.named_parameters()) for network in networks]
    buffers = [dict(network.named_buffers()) for network in networks]
    return (
        {name: torch.stack([own[name] for own in weights]) for name in weights[0]},
        {name: torch.stack([own[name] for own in buffers]) for name in buffers[0]},
    )


def _exchange_dropout(network: nn.Module, masks: Callable[[Tensor, float], Tensor]) -> nn.Module:
    """The network with its dropout layers exchanged, in place."""
    for name, part in network.named_children():
        if type(part) is nn.Dropout and 0 < part.p < 1:
            setattr(network, name, Masked(part.p, masks))
        else:
            _exchange_dropout(part, masks)
    return network
