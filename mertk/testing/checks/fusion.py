"""Checks of a fusion block; one that has only a module runs with its first weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mertk.core.interfaces import FusesMany
from mertk.testing.checks import common, learning
from mertk.testing.checks.stage import check_streams
from mertk.testing.comparison import arrays_of, call_verb, thaw_arrays
from mertk.testing.inputs import Joined
from mertk.testing.outcome import BrokenPromise, DoesNotApply

if TYPE_CHECKING:
    from mertk.testing.component import ComponentUnderTest


def gives_streams(subject: ComponentUnderTest) -> None:
    """It gives named arrays: finite numbers, or uint8 pixels."""
    check_streams(call_verb(subject.kind, subject.ready(), thaw_arrays(subject.test_inputs[-1])))


def trains_by_gradient(subject: ComponentUnderTest) -> None:
    """Gradients of its output reach every weight that its module wants trained."""
    block = subject.ready()
    if not isinstance(block, Joined):
        raise DoesNotApply("it is not a block that a classifier trains through its module")
    import torch

    from mertk.nn import training

    clips = training.stack_streams(subject.train().inputs)
    with torch.random.fork_rng():
        found = block.module.train()({name: torch.tensor(a) for name, a in clips.items()})
    weights = dict(block.module.named_parameters())
    weights = {name: weight for name, weight in weights.items() if weight.requires_grad}
    if not weights:
        raise DoesNotApply("its module has no weights to train")
    sum(tensor.square().sum() for tensor in found.values()).backward()
    lost = [name for name in weights if weights[name].grad is None]
    if lost:
        raise BrokenPromise(f"no gradient reaches {', '.join(lost)}")


def many_clips_at_once(subject: ComponentUnderTest) -> None:
    """`fuse_many` gives for each clip what `fuse` gives, but for rounding."""
    block = subject.ready()
    if not isinstance(block, FusesMany):
        raise DoesNotApply("it has no fuse_many")
    clips = subject.train().inputs
    together = list(block.fuse_many(clips))
    if len(together) != len(clips):
        raise BrokenPromise(f"fuse_many gave {len(together)} results for {len(clips)} clips")
    for streams, found in zip(clips, together, strict=True):
        alone = call_verb(subject.kind, block, streams)
        learning.check_close(arrays_of(alone), arrays_of(found), "fuse_many", "fuse")


CHECKS = (
    *common.DECLARED,
    *common.RUN,
    gives_streams,
    trains_by_gradient,
    many_clips_at_once,
    *learning.CHECKS,
)
