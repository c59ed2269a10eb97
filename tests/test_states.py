"""Fitted things as JSON and arrays: what comes back, and what is never looked up."""

from __future__ import annotations

import collections
import functools
import json

import numpy as np
import pytest
import torch
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import mertk
from mertk import states


def again(thing, packages=()):
    node, arrays = states.frozen(thing)
    return states.thawed(json.loads(json.dumps(node, allow_nan=False)), arrays, packages)


@pytest.mark.parametrize(
    "thing",
    [
        None, True, 3, 0.1, float("inf"), "ä", b"".decode(), [1, (2, {3})], frozenset({1}),
        {"a": 1, (2, "b"): [None]}, collections.OrderedDict(b=1, a=2),
        functools.partial(np.add, 1),
        functools.partial(torch.nn.LayerNorm, eps=1e-6), torch.nn.functional.relu,
        torch.nn.functional.gelu, np.log1p, np.float64, torch.float16, np.float32(1.5), np.int64(-3), np.bool_(True),
    ],
    ids=repr,
)  # fmt: skip
def test_plain_things_come_back_as_they_were(thing):
    found = again(thing)
    assert type(found) is type(thing)
    if isinstance(thing, functools.partial):
        assert (found.func, found.keywords) == (thing.func, thing.keywords)
    else:
        assert found == thing


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(["a", "bc"]), np.array([("a", 1), None], dtype=object), np.empty((0, 4)),
        np.array([(1, 2.0)], dtype=[("a", "<i8"), ("b", "<f8")]),
    ],
    ids=["float32", "columns first", "text", "objects", "empty", "fields"],
)  # fmt: skip
def test_arrays_keep_type_shape_and_order(array):
    found = again(array)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.flags.f_contiguous == array.flags.f_contiguous
    assert (found == array).all()


def test_what_is_held_twice_is_one_thing_again():
    shared = np.arange(3)
    ring: dict = {"one": shared, "two": shared}
    ring["self"] = ring
    found = again(ring)
    assert found["one"] is found["two"]
    assert found["self"] is found


@pytest.mark.parametrize(
    "estimator",
    [
        SVC(), ExtraTreesClassifier(5, random_state=0),
        RandomForestClassifier(5, random_state=0), make_pipeline(StandardScaler(), SVC()),
    ],
    ids=lambda one: type(one).__name__,
)  # fmt: skip
def test_estimators_of_scikit_learn_answer_the_same(estimator):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 5)), rng.integers(3, size=40)
    estimator.fit(X, y)
    np.testing.assert_array_equal(again(estimator).predict(X), estimator.predict(X))


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


def test_what_cannot_be_stored_is_said():
    with pytest.raises(mertk.StorageError, match="<lambda> cannot be stored"):
        states.frozen({"f": lambda: None})
    rng = np.random.default_rng(0)
    with pytest.raises(mertk.StorageError, match="Generator cannot be stored"):
        states.frozen(rng)
    fitted = MLPClassifier(max_iter=2, solver="adam", random_state=np.random.RandomState(0))
    with pytest.raises(mertk.StorageError, match="RandomState cannot be stored"):
        states.frozen(fitted)


@pytest.mark.parametrize(
    "node",
    [
        {"name": "os:system"},
        {"id": 0, "call": "os:system", "given": {"tuple": ["true"]}, "state": None},
        {"id": 0, "call": "subprocess:Popen", "given": {"tuple": ["true"]}, "state": None},
        {"id": 0, "new": "builtins:eval", "given": {"tuple": []}, "state": None},
        {"id": 0, "partial": [{"name": "builtins:exec"}, {"tuple": ["1"]}, {"id": 1, "dict": []}]},
    ],
    ids=lambda node: str(node)[:40],
)
def test_code_of_other_packages_is_never_looked_up(node):
    with pytest.raises(mertk.StorageError, match="none of the packages"):
        states.thawed(node, {})


def test_weights_are_those_that_training_changes_each_once():
    one, fixed = torch.nn.Linear(3, 2), torch.nn.Linear(2, 2).requires_grad_(False)
    table = np.zeros(2, [("parameter", "f4"), ("grad", "f4")])
    net = torch.nn.Sequential(one, fixed, one)
    node, _ = states.frozen({"net": net, "again": [one], "parameter": 7, "table": table})
    assert states.weights(node) == 3 * 2 + 2


def test_a_way_out_through_a_trusted_module_is_closed():
    with pytest.raises(mertk.StorageError, match="none of the packages"):
        states.thawed({"name": "mertk.cache:os.system"}, {})


FILE = {"tuple": ["harm", "uint8", "w+", 0, {"tuple": [4]}]}


def partial(name, *args, **keywords):
    kept = {"id": 1, "dict": list(map(list, keywords.items()))}
    return {"id": 0, "partial": [{"name": name}, {"tuple": list(args)}, kept]}


@pytest.mark.parametrize(
    "node",
    [
        {"id": 0, "call": "numpy:load", "given": {"tuple": ["harm"]}, "state": None},
        {"id": 0, "call": "numpy:memmap", "given": FILE, "state": None},
        {"id": 0, "call": "torch.package:PackageImporter", "given": {"tuple": ["harm"]},
         "state": None},
        {"id": 0, "call": "sklearn.utils._testing:TempMemmap", "given": {"tuple": [1]},
         "state": None},
        {"id": 0, "new": "numpy:memmap", "state": None},
        {"id": 0, "new": "torch.utils.data.dataloader:DataLoader", "state": None},
        {"name": "numpy:memmap"},
        {"name": "numpy:save"},
        {"name": "torch.hub:load"},
        {"name": "mertk.files:write_text"},
        partial("numpy:save", "harm"),
        partial("mertk.files:write_text", "harm", "harm"),
        partial("numpy:float64", 1),
        partial("mertk.cache:Cache", "harm"),
        {"id": 0, "method": [{"id": 1, "new": "mertk.cache:Cache", "state": None}, "prune"]},
    ],
    ids=lambda node: str(node)[:60],
)  # fmt: skip
def test_what_a_stranger_could_do_harm_with_is_refused(node, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(mertk.StorageError, match="the stored state names"):
        states.thawed(node, {}, ["mertk_plugins"])
    assert not list(tmp_path.iterdir())


def test_a_function_is_no_type_of_numbers():
    with pytest.raises(mertk.StorageError, match="damaged"):
        states.thawed({"id": 0, "torch": "load", "kind": "dtype"}, {})


def test_a_module_that_runs_when_it_is_imported_is_not():
    with pytest.raises(mertk.StorageError, match="none of the packages"):
        states.thawed({"name": "numpy.f2py.__main__:main"}, {})


def test_damaged_data_are_one_line():
    node, arrays = states.frozen({"a": np.arange(3)})
    with pytest.raises(mertk.StorageError, match="damaged: KeyError"):
        states.thawed(node, {})
    assert arrays
