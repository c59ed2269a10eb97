"""What networks share: which stream they take, and where their weights come from."""

import numpy as np
import pytest
import torch

import mertk
from mertk.nn import classifier


def test_a_picture_is_the_one_stream_of_one_region():
    assert classifier.check_picture_stream("x", {"f": (1, 3, 28, 20)}) == ("f", (28, 20))
    assert classifier.check_picture_stream("x", {"f": (1, 2, 8, 8)}, channels=2) == ("f", (8, 8))


@pytest.mark.parametrize(
    "shapes", [{}, {"f": (2, 3, 28, 28)}, {"f": (1, 2, 28, 28)}, {"f": (1, 3, 28, 9)}]
)
def test_any_other_stream_is_refused_with_what_was_given(shapes):
    given = "none" if not shapes else str(list(shapes["f"])).replace("[", r"\[")
    with pytest.raises(mertk.ComponentError, match=f"x takes one stream .* given: .*{given}"):
        classifier.check_picture_stream("x", shapes, least=10)


def test_a_network_from_scratch_takes_its_chances_from_torch():
    torch.manual_seed(0)
    first, other = (
        classifier.create_backbone("x", "test_resnet", pretrained=False) for _ in range(2)
    )
    torch.manual_seed(0)
    again = classifier.create_backbone("x", "test_resnet", pretrained=False)
    weights = [next(net.parameters()).detach().numpy() for net in (first, again, other)]
    assert np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


def test_an_unknown_network_is_refused_with_near_names():
    with pytest.raises(mertk.ComponentError, match=r"x: timm knows no model 'resnet81'.*resnet"):
        classifier.create_backbone("x", "resnet81", pretrained=False)


def test_pretrained_weights_that_cannot_be_had_are_not_replaced_in_silence(monkeypatch):
    import timm

    def offline(name, *, pretrained, **options):
        raise OSError("no route to the hub. Try again\nor do not")

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(mertk.ComponentError, match="pretrained=false") as error:
        classifier.create_backbone("x", "resnet18", pretrained=True)
    assert str(error.value).startswith("x: the pretrained weights of resnet18 cannot be loaded")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_dropout_of_everything_or_less_than_nothing_is_refused(share):
    with pytest.raises(ValueError, match="dropout"):
        classifier.check_dropout(share)
