"""What components have learnt as JSON and arrays: what comes back, and what is never looked up."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, SVR

import mertk
from mertk.storage import serialization
from mertk.storage.trusted import Trust

HERE = Trust(modules=frozenset({__name__}))


class Component:
    """Holds whatever it is given; `kept` is from its constructor."""

    hidden = 1

    def __init__(self, **kept):
        self.kept = kept

    def method(self):
        return "its own"


@mertk.stored
@dataclass(frozen=True, slots=True)
class Pair:
    one: object
    two: object = 2

    def sum(self):
        return self.one + self.two


class Net(torch.nn.Module):
    def __init__(self, **kept):
        super().__init__()
        self.kept = kept
        self.layer = torch.nn.Linear(2, 2)


def again(thing, trust=HERE):
    fitted, new = Component(), Component()
    fitted.held = thing
    found = serialization.freeze_components({"classifier": fitted}, {"classifier": new})
    read(found, new, trust)
    return new.held


def read(found, new, trust=HERE):
    state = json.loads(json.dumps(found.state, allow_nan=False))
    serialization.thaw_state(state, found.arrays, {"classifier": new}, trust)


def thawed(node, arrays=None, trust=HERE):
    component = Component()
    state = {"classifier": {"held": node}}
    serialization.thaw_state(state, arrays or {}, {"classifier": component}, trust)
    return component.held


@pytest.mark.parametrize(
    "thing",
    [
        None, True, 3, 0.1, float("inf"), "ä", [1, (2, {3})], {"a": 1, (2, "b"): [None]},
        Pair([1], {"b": Pair(3)}), torch.nn.functional.relu, torch.nn.functional.gelu,
        torch.nn.LayerNorm, np.float32(1.5), np.int64(-3), np.bool_(True),
    ],
    ids=lambda thing: getattr(thing, "__qualname__", repr(thing)),
)  # fmt: skip
def test_plain_things_come_back_as_they_were(thing):
    found = again(thing)
    assert type(found) is type(thing)
    assert found == thing


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.empty((0, 4)), np.array(3.5), np.array([True, False]),
    ],
    ids=["float32", "columns first", "empty", "no axis", "truth"],
)  # fmt: skip
def test_arrays_keep_type_shape_and_order(array):
    found = again(array)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.flags.f_contiguous == array.flags.f_contiguous
    assert (found == array).all()


def test_an_array_that_is_held_twice_is_stored_once_and_is_one_again():
    shared = np.arange(3)
    fitted = Component()
    fitted.held = {"one": shared, "two": shared}
    found = serialization.freeze_components({"classifier": fitted}, {"classifier": Component()})
    assert len(found.arrays) == 1
    again_ = Component()
    read(found, again_)
    assert again_.held["one"] is again_.held["two"]


def test_what_the_constructor_makes_is_not_stored():
    class Unknown:
        pass

    fitted, new = Component(a=1), Component(a=1)
    fitted.inner = new.inner = Unknown
    fitted.learnt = 5
    found = serialization.freeze_components({"classifier": fitted}, {"classifier": new})
    assert found.state == {"classifier": {"learnt": 5}}
    fitted.kept = {"a": 2}
    found = serialization.freeze_components({"classifier": fitted}, {"classifier": new})
    assert list(found.state["classifier"]) == ["kept", "learnt"]


def test_a_component_in_a_component_is_changed_where_it_is():
    fitted, new = Component(), Component()
    fitted.inner, new.inner = Component(), Component()
    fitted.inner.mean = np.ones(2)
    found = serialization.freeze_components({"classifier": fitted}, {"classifier": new})
    inner = new.inner
    read(found, new)
    assert new.inner is inner
    assert new.inner.mean.tolist() == [1, 1]


@pytest.mark.parametrize(
    "estimator",
    [
        SVC(), SVC(kernel="precomputed"), SVC(break_ties=True), SVR(), LogisticRegression(),
        make_pipeline(StandardScaler(), SVC()), MLPClassifier(max_iter=300),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_estimators_of_scikit_learn_answer_the_same(estimator):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 40)), rng.integers(3, size=40)
    X = X @ X.T  # which is a kernel
    estimator.fit(X, y)
    # an optimizer that has its gradients is of a type that skops does not know
    trust = replace(HERE, named=frozenset({"sklearn.neural_network"}))
    np.testing.assert_array_equal(again(estimator, trust).predict(X), estimator.predict(X))


def test_an_estimator_that_skops_does_not_trust_needs_the_users_word():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 5)), rng.integers(3, size=40)
    forest = RandomForestClassifier(5, random_state=0).fit(X, y)
    with pytest.raises(mertk.StorageError, match="say --trust sklearn$"):
        again(forest)
    trusting = replace(HERE, named=frozenset({"sklearn"}))
    np.testing.assert_array_equal(again(forest, trusting).predict(X), forest.predict(X))
    with pytest.raises(mertk.StorageError, match="names numpy.save in an estimator"):
        again(FunctionTransformer(np.save), trusting)


def test_networks_answer_the_same_in_their_layout():
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU())
    net.to(memory_format=torch.channels_last).eval()
    found = again(net)
    x = torch.randn(2, 3, 8, 8)
    assert torch.equal(found(x), net(x))
    assert found[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert isinstance(found[0].weight, torch.nn.Parameter)
    assert found[1].num_batches_tracked.shape == ()
    assert not found.training


@pytest.mark.parametrize(
    ("net", "shape"),
    [
        (torch.nn.LSTM(4, 3, num_layers=2, bidirectional=True), (5, 2, 4)),
        (torch.nn.TransformerEncoderLayer(4, 2, batch_first=True), (2, 5, 4)),
        (torch.nn.ModuleList([torch.nn.Linear(4, 4)]), None),
        (torch.nn.ParameterDict({"a": torch.ones(2)}), None),
    ],
    ids=["lstm", "transformer", "list", "parameters"],
)
def test_networks_of_torch_come_back(net, shape):
    found = again(net.eval())
    for name, tensor in net.state_dict().items():
        assert torch.equal(found.state_dict()[name], tensor)
    if shape:
        x = torch.randn(shape)
        one, other = found(x), net(x)
        one, other = (one[0], other[0]) if isinstance(one, tuple) else (one, other)
        assert torch.equal(one, other)


def test_a_weight_that_two_layers_share_is_shared_again():
    one, other = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)
    other.weight = one.weight
    found = again(torch.nn.Sequential(one, other))
    assert found[0].weight is found[1].weight


def test_a_network_of_the_components_own_module_comes_back_and_of_no_other():
    assert again(Net(a=1)).kept == {"a": 1}
    with pytest.raises(mertk.StorageError, match=f"names {__name__}:Net as a part of a network"):
        again(Net(), Trust())


def test_what_cannot_be_stored_is_said():
    held = {
        "a function": lambda: None,
        "numpy.random._generator.Generator": np.random.default_rng(0),
        "numpy.ndarray": np.array(["a"]),
        "states.Component": Component(),
    }
    for name, thing in held.items():
        with pytest.raises(mertk.StorageError, match=r"Component\.held holds a .* cannot be"):
            again([thing])
        assert name
    hooked = torch.nn.ReLU()
    hooked.register_forward_hook(print)
    with pytest.raises(mertk.StorageError, match="ReLU has hooks"):
        again(hooked)
    hiding = Component()
    hiding.method = 1
    with pytest.raises(mertk.StorageError, match="cannot have a stored attribute 'method'"):
        serialization.freeze_components({"classifier": hiding}, {"classifier": Component()})


def test_only_a_dataclass_can_be_marked():
    with pytest.raises(TypeError, match="Component is no dataclass"):
        mertk.stored(Component)

    @dataclass(frozen=True)
    class Child(Pair):
        three: int = 3

    with pytest.raises(mertk.StorageError, match="Child, which cannot be stored"):
        again(Child(1))


def test_weights_are_those_that_training_changes_each_once():
    one, fixed = torch.nn.Linear(3, 2), torch.nn.Linear(2, 2).requires_grad_(False)
    fitted = Component()
    fitted.held = {"net": torch.nn.Sequential(one, fixed, one), "again": [one]}
    found = serialization.freeze_components({"classifier": fitted}, {"classifier": Component()})
    assert found.weights == 3 * 2 + 2


@pytest.mark.parametrize("name", ["method", "hidden", "__class__", "__dict__", "__call__", "a b"])
def test_no_attribute_hides_what_the_class_has(name):
    with pytest.raises(mertk.StorageError, match="cannot have a stored attribute"):
        serialization.thaw_state({"classifier": {name: 1}}, {}, {"classifier": Component()}, HERE)


@pytest.mark.parametrize("fields", [{"one": 1}, {"one": 1, "two": 2, "sum": 3}, {}])
def test_a_stored_class_has_all_its_fields_and_no_other(fields):
    with pytest.raises(mertk.StorageError, match="Pair has the fields one, two"):
        thawed({"stored": f"{__name__}:Pair", "fields": fields})


@pytest.mark.parametrize(
    "name",
    ["os:system", f"{__name__}:Component", f"{__name__}:Net", "mertk.storage.cache:Cache",
     "mertk.experiment.executors.packing:Packed", f"{__name__}:np.memmap"],
)  # fmt: skip
def test_only_marked_classes_are_stored_data(name):
    with pytest.raises(mertk.StorageError, match=f"names {name} as stored data"):
        thawed({"stored": name, "fields": {}})


def test_damaged_data_are_one_line():
    fitted = Component()
    fitted.held = np.arange(3)
    found = serialization.freeze_components({"classifier": fitted}, {"classifier": Component()})
    with pytest.raises(mertk.StorageError, match="damaged: KeyError"):
        serialization.thaw_state(found.state, {}, {"classifier": Component()}, HERE)
    arrays = {**found.arrays, "more": np.arange(2)}
    with pytest.raises(mertk.StorageError, match="nothing holds the array 'more'"):
        serialization.thaw_state(found.state, arrays, {"classifier": Component()}, HERE)
    with pytest.raises(mertk.StorageError, match="it holds fusion.0, and the recipe learns at cl"):
        serialization.thaw_state({"fusion.0": {}}, {}, {"classifier": Component()}, HERE)
