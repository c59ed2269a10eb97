"""A generator of faces with an expression, and capsules that classify what it makes."""

import contextlib
import itertools
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from mertk.nn import losses
from mertk_plugins.classifiers._capsules_net import (
    ClassCapsules,
    PrimaryCapsules,
    compute_logits,
    squash_capsules,
)
from mertk_plugins.classifiers._icegan_generator_net import Generator

PRIMARY, CLASS = 8, 32  # sizes of capsules


class ICEGANNetwork(nn.Module):
    """The discriminator's class capsules predict; the generator is used while training.

    `auxiliary` is all of both losses but the classes of real pictures. The generator's loss does
    not reach the discriminator's weights, nor the other way round: one step descends both.
    """

    def __init__(
        self,
        stream: str,
        side: int,
        classes: int,
        *,
        width: int,
        noise: int,
        identity: float,
        reconstruction: float,
    ) -> None:
        super().__init__()
        self.stream, self.classes = stream, classes
        self.identity, self.reconstruction = identity, reconstruction
        self.generator = Generator(side, width, classes, noise)
        self.discriminator = Discriminator(side, width, classes)
        self.decoder = Decoder(side, width, classes)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """One picture a clip `[clips, 1, 1, side, side]`, 0 to 255 → logits `[clips, classes]`."""
        x = streams[self.stream][:, 0].float() / 127.5 - 1
        if not self.training:
            return compute_logits(self.discriminator(x)[0])
        wanted = torch.randint(self.classes, (len(x),), device=x.device)
        made = self.generator(x, wanted)
        kinds, valid = self.discriminator(x)
        with _pause_batch_norms(self.discriminator):
            made_kinds, made_valid = self.discriminator(made.detach())
        self.also = (
            _compute_valid_loss(valid, real=True)
            + _compute_valid_loss(made_valid, real=False)
            + losses.margin(compute_logits(made_kinds), wanted)
            + self.reconstruction
            * functional.mse_loss(self.decoder(squash_capsules(kinds)), (x + 1) / 2)
            + self._compute_generator_loss(x, made, wanted)
        )
        return compute_logits(kinds)

    def auxiliary(self, _target: Tensor) -> Tensor:
        """What the trainer adds to the loss."""
        return self.also

    def _compute_generator_loss(self, x: Tensor, made: Tensor, wanted: Tensor) -> Tensor:
        """A generated face should pass for real, show the wanted class and be the same person."""
        with _pause_batch_norms(self.discriminator), _freeze_weights(self.discriminator):
            kinds, valid = self.discriminator(made)
        same = self.identity * functional.l1_loss(made, x)
        return (
            _compute_valid_loss(valid, real=True)
            + losses.margin(compute_logits(kinds), wanted)
            + same
        )


class Discriminator(nn.Module):
    """Convolutions over patches, then a capsule for each class and one for being real."""

    def __init__(self, side: int, width: int, classes: int) -> None:
        super().__init__()
        self.patches = nn.Sequential(
            spectral_norm(nn.Conv2d(1, width, 4, 2, 1)),
            nn.LeakyReLU(0.2),
            *_make_patch_block(width, 2 * width, stride=2),
            *_make_patch_block(2 * width, 4 * width, stride=2),
            *_make_patch_block(4 * width, 8 * width, stride=1),
            *_make_patch_block(8 * width, 8 * width, stride=1),
            spectral_norm(nn.Conv2d(8 * width, width, 1, 2, 1)),
        )
        self.primary = PrimaryCapsules(width, 2 * width, PRIMARY, 1, 1)
        spectral_norm(self.primary.conv)
        capsules = (side // 16) ** 2 * 2 * width // PRIMARY
        self.kinds = ClassCapsules(capsules, PRIMARY, classes, CLASS)
        self.valid = ClassCapsules(capsules, PRIMARY, 1, CLASS)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures → capsules not yet squashed `[clips, classes, 32]`, and `[clips, 1, 32]`."""
        found = self.primary(self.patches(x))
        return self.kinds(found), self.valid(found)


class Decoder(nn.Module):
    """The picture that the longest class capsule stands for."""

    def __init__(self, side: int, width: int, classes: int) -> None:
        super().__init__()
        sizes = [CLASS * classes, 8 * width, 16 * width, 80 * width, side * side]
        layers: list[nn.Module] = []
        for given, size in itertools.pairwise(sizes):
            layers += [spectral_norm(nn.Linear(given, size)), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1], nn.Sigmoid(), nn.Unflatten(1, (1, side, side)))

    def forward(self, kinds: Tensor) -> Tensor:
        """Squashed capsules `[clips, classes, 32]` → `[clips, 1, side, side]` in [0, 1]."""
        longest = functional.one_hot(kinds.norm(dim=-1).argmax(1), kinds.shape[1])
        picture: Tensor = self.layers((kinds * longest[..., None]).flatten(1))
        return picture


def _make_patch_block(given: int, maps: int, *, stride: int) -> list[nn.Module]:
    conv = spectral_norm(nn.Conv2d(given, maps, 4, stride, 1, bias=False))
    return [conv, nn.BatchNorm2d(maps), nn.LeakyReLU(0.2)]


def _compute_valid_loss(valid: Tensor, *, real: bool) -> Tensor:
    found = compute_logits(valid)
    return losses.margin(found, torch.full_like(found, real))


@contextlib.contextmanager
def _pause_batch_norms(module: nn.Module) -> Iterator[None]:
    """Batch norms keep no statistics of this block: those for prediction are of real pictures."""
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, before, strict=True):
            norm.momentum = momentum


@contextlib.contextmanager
def _freeze_weights(module: nn.Module) -> Iterator[None]:
    """What is computed here passes gradients through the module, and none to its weights."""
    module.requires_grad_(False)
    try:
        yield
    finally:
        module.requires_grad_(True)
