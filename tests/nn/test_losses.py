"""Losses against torch's own, and against sums by hand."""

import pytest
import torch
from torch import nn

from mertk.nn import losses


def test_focal_loss_without_gamma_is_cross_entropy_and_else_smaller():
    logits, target = torch.randn(9, 4), torch.arange(9) % 4
    plain = nn.functional.cross_entropy(logits, target)
    assert torch.allclose(losses.focal(logits, target, gamma=0), plain)
    p = logits.softmax(1).gather(1, target[:, None])[:, 0]
    expected = ((1 - p) ** 2 * -p.log()).mean()
    assert torch.allclose(losses.focal(logits, target, gamma=2), expected)


def test_binary_focal_loss_counts_the_other_classes_too():
    logits, target = torch.tensor([[2.0, 0.0, -1.0]]), torch.tensor([0])
    p = logits.softmax(1)[0]
    q = torch.stack([p[0], 1 - p[1], 1 - p[2]])
    expected = (-((1 - q) ** 2) * q.log()).sum()
    assert torch.allclose(losses.focal(logits, target, binary=True), expected)


def test_alpha_weights_the_samples_by_their_class():
    logits, target = torch.randn(4, 2), torch.tensor([0, 0, 0, 1])
    only_last = losses.focal(logits, target, alpha=torch.tensor([0.0, 4.0]))
    assert torch.allclose(only_last, losses.focal(logits[3:], target[3:]))


def test_multi_label_loss_without_gamma_is_torchs_binary_cross_entropy():
    logits, target = torch.randn(9, 4), (torch.rand(9, 4) < 0.3).long()
    plain = nn.functional.binary_cross_entropy_with_logits(logits, target.float())
    assert torch.allclose(losses.sigmoid_focal(logits, target, gamma=0), plain)
    p = torch.where(target == 1, logits.sigmoid(), 1 - logits.sigmoid())
    expected = ((1 - p) ** 2 * -p.log()).mean()
    assert torch.allclose(losses.sigmoid_focal(logits, target, gamma=2), expected)


def test_the_margin_loss_is_that_of_the_capsules_lengths():
    lengths, target = torch.tensor([[0.95, 0.3, 0.05], [0.2, 0.6, 0.1]]), torch.tensor([0, 1])
    found = losses.margin(lengths.logit(), target)
    first, second = 0.5 * 0.2**2, 0.5 * 0.1**2 + 0.3**2
    assert found.item() == pytest.approx((first + second) / 2, abs=1e-6)
    stricter = losses.margin(lengths.logit(), target, margins=(0.99, 0.01))
    assert stricter > found


def test_the_margin_loss_takes_several_labels_and_weights():
    logits, target = torch.randn(5, 3), torch.arange(5) % 3
    many = nn.functional.one_hot(target, 3)
    assert torch.allclose(losses.margin(logits, target), losses.margin(logits, many))
    only = losses.margin(logits, target, alpha=torch.tensor([2.0, 0.0, 0.0]))
    rows = target == 0
    assert torch.allclose(only, 2 * losses.margin(logits[rows], target[rows]) * rows.sum() / 5)
    absent = losses.margin(logits, many, alpha=torch.tensor([[1.0, 0.0]] * 3))
    present = losses.margin(logits, many, alpha=torch.tensor([[0.0, 1.0]] * 3))
    assert torch.allclose(absent + present, losses.margin(logits, many))
