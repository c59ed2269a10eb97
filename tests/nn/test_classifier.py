"""What networks share: which stream they take, and where their weights come from."""

import inspect
from dataclasses import fields
from typing import Unpack, get_type_hints

import numpy as np
import pytest
import torch

import mertk
from mertk.nn import classifier, training

REGISTRY = mertk.load_plugins().registry
TRAINING = [field.name for field in fields(training.Schedule)]


class Small(classifier.NetworkClassifier):
    """A network with a parameter of its own.

    Args:
        width: number of maps.
    """

    schedule = training.Schedule(epochs=7, lr=0.5, gamma=3.0)

    def __init__(self, *, width: int = 8, **options: Unpack[training.TrainingOptions]) -> None:
        super().__init__(**options)
        self.width = width


def test_the_options_of_training_are_the_fields_of_a_schedule():
    assert get_type_hints(training.TrainingOptions) == get_type_hints(training.Schedule)
    assert not training.TrainingOptions.__required_keys__


def test_a_network_has_its_own_parameters_and_those_of_training_with_its_defaults():
    found = inspect.signature(Small).parameters
    assert list(found) == ["width", *TRAINING]
    assert all(one.kind is one.KEYWORD_ONLY for one in found.values())
    assert (found["epochs"].default, found["gamma"].default, found["batch"].default) == (
        7,
        3.0,
        128,
    )


def test_what_is_given_takes_the_place_of_a_default():
    made = Small(width=3, lr=0.1, margins=[0.8, 0.2])
    assert (made.width, made.schedule.epochs, made.schedule.lr) == (3, 7, 0.1)
    assert made.schedule.margins == (0.8, 0.2)
    assert Small().schedule == Small.schedule


def test_a_subclass_may_change_the_defaults_or_list_a_parameter_itself():
    class Longer(Small):
        schedule = training.Schedule(epochs=90, lr=0.5)

    class Fixed(Small):
        def __init__(self, *, lr: float = 0.25, **options: Unpack[training.TrainingOptions]):
            super().__init__(lr=lr, **options)

    assert inspect.signature(Longer).parameters["epochs"].default == Longer().schedule.epochs == 90
    assert list(inspect.signature(Fixed).parameters).count("lr") == 1
    assert inspect.signature(Fixed).parameters["lr"].default == Fixed().schedule.lr == 0.25


def test_a_network_without_a_schedule_of_its_class_has_the_parameters_that_it_lists():
    class Listed(classifier.NetworkClassifier):
        def __init__(self, *, epochs: int = 2, **others: object) -> None:
            self.schedule = training.Schedule(epochs=epochs, lr=0.1)

    assert list(inspect.signature(Listed).parameters) == ["epochs", "others"]


def test_an_option_that_does_not_exist_is_refused():
    with pytest.raises(TypeError, match="epohcs"):
        Small(epohcs=3)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"epohcs": 3}, "takes no parameter 'epohcs'. Did you mean 'epochs'"),
        ({"epochs": "many"}, "epochs='many' is not of type int"),
        ({"optimizer": "adma"}, "optimizer='adma' is not of type one of 'adam', 'adamw', 'sgd'"),
        ({"margins": [2, 3]}, r"margins=\[2, 3\]: two lengths between 0 and 1"),
        ({"batch": 1}, "at least 1 and 2"),
    ],
)
def test_a_recipe_is_told_what_is_wrong_with_an_option(params, message):
    with pytest.raises(mertk.ParameterError, match=message):
        REGISTRY.build("classifier", mertk.Use("htnet", **params))


def test_every_shipped_network_takes_and_describes_all_options_of_training():
    found = []
    for name in REGISTRY.names("classifier"):
        entry = REGISTRY.get("classifier", name)
        if not issubclass(entry.load(), classifier.NetworkClassifier) or name == "torch_module":
            continue
        described = entry.describe_parameters()
        assert all(described[option] for option in TRAINING), name
        found.append(name)
    assert len(found) == 20


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


def save_weights(file, net, leave_out=()):
    from safetensors.torch import save_file

    state = net.state_dict()
    save_file({name: value for name, value in state.items() if name not in leave_out}, file)


def test_weights_come_from_a_file_and_the_head_may_be_another(tmp_path):
    source = classifier.create_backbone("x", "test_resnet", pretrained=False)
    save_weights(tmp_path / "net.safetensors", source)
    file = str(tmp_path / "net.safetensors")
    net = classifier.create_backbone(
        "x", "test_resnet", pretrained=True, weights=file, num_classes=3
    )
    assert torch.equal(net.conv1[0].weight, source.conv1[0].weight)
    assert net.get_classifier().out_features == 3


def test_weights_of_another_network_are_refused_by_name(tmp_path):
    net = classifier.create_backbone("x", "test_resnet", pretrained=False)
    first = next(iter(net.state_dict()))
    save_weights(tmp_path / "part.safetensors", net, leave_out=[first])
    with pytest.raises(mertk.ComponentError, match=rf"1 are missing .* such as {first}"):
        classifier.create_backbone(
            "x", "test_resnet", pretrained=False, weights=str(tmp_path / "part.safetensors")
        )
    (tmp_path / "text.safetensors").write_text("not weights")
    with pytest.raises(mertk.ComponentError, match="give a safetensors file"):
        classifier.create_backbone(
            "x", "test_resnet", pretrained=False, weights=str(tmp_path / "text.safetensors")
        )


def test_the_content_of_a_file_of_weights_belongs_to_the_identity(tmp_path):
    from mertk.storage.identity import component_identity

    file = tmp_path / "w.safetensors"
    use = mertk.Use("timm_flow", weights=str(file))
    with pytest.raises(mertk.ComponentError, match="there is no file of weights"):
        component_identity(REGISTRY, "classifier", use)
    file.write_bytes(b"one")
    first = component_identity(REGISTRY, "classifier", use)
    file.write_bytes(b"other")
    assert component_identity(REGISTRY, "classifier", use) != first


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_dropout_of_everything_or_less_than_nothing_is_refused(share):
    with pytest.raises(ValueError, match="dropout"):
        classifier.check_dropout(share)
