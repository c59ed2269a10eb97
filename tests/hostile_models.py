"""Ways to make a good trained model folder a hostile one: `HOSTILE` is names and functions.

Each function changes the folder of a model that ends in a classifier, such as `flow_svm`, in place.
Whatever would run code leaves a file `canary(folder)`, or imports the module `this`, which prints.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import socket
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

HOSTILE: list[tuple[str, Callable[[Path], None]]] = []

NETWORK: dict[str, Any] = {
    "parameters": {},
    "buffers": {},
    "modules": {},
    "training": False,
    "attributes": {},
}


def canary(folder: Path) -> Path:
    """The file that is there once a hostile folder has run code."""
    return folder.with_name(f"{folder.name}.ran")


def hostile(name: str) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    def add(function: Callable[[Path], None]) -> Callable[[Path], None]:
        HOSTILE.append((name, function))
        return function

    return add


def _offer(name: str, function: Callable[..., None], *given: Any, **named: Any) -> None:
    number = sum(known.startswith(name) for known, _ in HOSTILE)
    known = f"{name} ({number})" if number else name
    HOSTILE.append((known, lambda folder: function(folder, *given, **named)))


def _read(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "model.json").read_text())


def _write(folder: Path, about: Any) -> None:
    (folder / "model.json").write_text(json.dumps(about))


def _put(folder: Path, path: str, value: Any) -> None:
    """Set what lies at a dotted path of model.json; `DROP` takes it out."""
    about = _read(folder)
    at: Any = about
    *parents, last = path.split("/")
    for part in parents:
        at = at[int(part) if isinstance(at, list) else part]
    if value is DROP:
        del at[last]
    else:
        at[int(last) if isinstance(at, list) else last] = value
    _write(folder, about)


DROP = object()
FITTED = "state/classifier/fitted"
MARGINS = f"{FITTED}/fields/each/list/0/fields/margins"


def _machine(folder: Path, schema: Mapping[str, Any], **files: bytes) -> None:
    """Another archive of skops in the place of the machine."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(
            "schema.json", json.dumps({"protocol": 2, "_skops_version": "0", **schema})
        )
        for name, content in files.items():
            archive.writestr(name, content)
    _archive(folder, data.getvalue())


def _archive(folder: Path, data: bytes) -> None:
    key = _key_of_machine(folder)
    arrays = load_file(folder / "arrays.safetensors")
    save_file({**arrays, key: np.frombuffer(data, np.uint8)}, folder / "arrays.safetensors")


def _key_of_machine(folder: Path) -> str:
    about = _read(folder)
    fields = about["state"]["classifier"]["fitted"]["fields"]["each"]["list"][0]["fields"]
    return fields["margins"]["fields"]["machine"]["estimator"]


def _archived(folder: Path) -> zipfile.ZipFile:
    arrays = load_file(folder / "arrays.safetensors")
    return zipfile.ZipFile(io.BytesIO(arrays[_key_of_machine(folder)].tobytes()))


def _repack(folder: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> None:
    """Change the schema, and the files by name, of the archive of the machine."""
    with _archived(folder) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(files.pop("schema.json"))
    change(schema, files)
    _machine(folder, schema, **files)


def _attribute(schema: dict[str, Any], name: str) -> dict[str, Any]:
    return schema["content"]["content"][name]


# --- code by a name in the state


class _Harm:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return (open, (str(self.mark), "w"))


@hostile("a stored class of mertk that unpickles")
def _unpickles(folder: Path) -> None:
    import zlib

    data = zlib.compress(pickle.dumps(_Harm(canary(folder))))
    arrays = load_file(folder / "arrays.safetensors")
    kept = {**arrays, "harm": np.frombuffer(data, np.uint8)}
    save_file(kept, folder / "arrays.safetensors")
    node = {"array": "harm", "order": "C", "scalar": False}
    packed = {"stored": "mertk.experiment.executors.packing:Packed", "fields": {"data": node}}
    _put(folder, MARGINS, packed)


@hostile("the same, as a network")
def _unpickles_as_network(folder: Path) -> None:
    _put(folder, MARGINS, {"network": "mertk.experiment.executors.packing:Packed", **NETWORK})


for _name in (
    "os:system", "subprocess:Popen", "builtins:eval", "this:s", "torch.hub:load",
    "torch.fx.graph_module:GraphModule", "torch.jit._script:RecursiveScriptModule",
    "mertk.storage.cache:Cache", "mertk_plugins.classifiers.svm:SVM", "torch.nn.modules.module:..", "",
    "torch.nn.parallel.data_parallel:DataParallel", "sklearn.svm._classes:SVC", "a" * 100_000,
):  # fmt: skip
    _offer(f"a stored {_name[:40]}", _put, MARGINS, {"stored": _name, "fields": {}})
    _offer(f"a network {_name[:40]}", _put, MARGINS, {"network": _name, **NETWORK})
    _offer(f"a class {_name[:40]}", _put, MARGINS, {"class": _name})
    _offer(f"a function {_name[:40]}", _put, MARGINS, {"function": _name})
    _offer(f"a member {_name[:40]}", _put, MARGINS, {"member": _name, "of": "system"})

for _name in ("os", "handle_torch_function", "torch", "__builtins__", "Callable", "importlib"):
    _offer(f"the function {_name} of torch", _put, MARGINS, {"function": _name})


# --- attributes that hide what a class has

_RELU = {"function": "relu"}

for _name in ("predict", "fit", "__class__", "__dict__", "learner", "scale", "a b", ""):
    _offer(f"an attribute {_name!r}", _put, f"state/classifier/{_name}", _RELU)
for _name in ("predict", "linear", "__call__", "__class__"):
    _offer(f"a field {_name}", _put, f"{FITTED}/fields/{_name}", _RELU)
for _part in ("attributes", "parameters", "buffers", "modules"):
    for _name in ("forward", "__call__", "_call_impl", "_compiled_call_impl", "_forward_hooks"):
        _offer(
            f"a network's {_name} among its {_part}", _put, MARGINS,
            {"network": "torch.nn.modules.linear:Identity", **NETWORK, _part: {_name: _RELU}},
        )  # fmt: skip


@hostile("a method of an estimator hidden by an attribute")
def _hides_method(folder: Path) -> None:
    def change(schema: dict[str, Any], _files: dict[str, bytes]) -> None:
        relu = {"__class__": "exp", "__module__": "numpy", "__loader__": "FunctionNode"}
        whole = schema["content"]
        key = next(iter(whole["key_types"]["content"]))
        whole["content"]["decision_function"] = relu
        whole["key_types"]["content"].append(key)

    _repack(folder, change)


# --- code by the recipe

for _slot, _use in {
    "classifier": {"name": "sklearn", "path": "this.s"},
    "fusion": [{"name": "sklearn", "path": "this.s"}],
    "extractor": {"name": "frozen_cnn", "network": "hf_hub:somebody/harm"},
    "roi": {"name": "grid", "rows": "../../etc/passwd"},
}.items():
    _offer(f"a recipe with {_use}", _put, f"identity/recipe/{_slot}", _use)
_offer(
    "torch_module by its path", _put, "identity/recipe/classifier",
    {"name": "torch_module", "path": "this.s"},
)  # fmt: skip
_offer("a default path", _put, "identity/recipe/classifier", {"name": "sklearn"})


@hostile("a folder that trusts itself")
def _trusts_itself(folder: Path) -> None:
    _put(folder, "trust", ["this", "os", "sklearn"])
    _put(folder, "identity/recipe/classifier", {"name": "sklearn", "path": "this.s"})


# --- code by skops


def _skops(folder: Path, loader: str, module: str, name: str, **rest: Any) -> None:
    mark = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode"}
    command = {**mark, "content": json.dumps(f"touch {canary(folder)}"), "is_json": True}
    items = {
        "__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode",
        "content": [command],
    }  # fmt: skip
    func = {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"}
    known = {"ITEMS": items, "FUNC": func, "COMMAND": command}
    filled = json.loads(
        json.dumps(rest), object_hook=lambda one: {k: known.get(str(v), v) for k, v in one.items()}
    )
    _machine(folder, {"__class__": name, "__module__": module, "__loader__": loader, **filled})


_offer("skops calls", _skops, "ConstructorFromReduceNode", "os", "system", content="ITEMS")
_offer("skops names a function", _skops, "FunctionNode", "os", "system")
_offer("skops names a type", _skops, "TypeNode", "os", "system")
_offer(
    "skops has a partial", _skops, "PartialNode", "functools", "partial",
    content={"func": "FUNC", "args": "ITEMS", "kwds": "ITEMS", "namespace": "ITEMS"},
)  # fmt: skip
_offer(
    "skops has a method", _skops, "MethodNode", "builtins", "str",
    content={"func": "format", "obj": "COMMAND"},
)  # fmt: skip
_offer(
    "skops has an operator", _skops, "OperatorFuncNode", "operator", "methodcaller", attrs="ITEMS"
)
_offer(
    "skops makes an object", _skops, "ObjectNode", "mertk.experiment.executors.packing", "Packed"
)
_offer(
    "skops makes a loss", _skops, "LossNode", "os", "system",
    content="ITEMS", __reduce__={"args": "ITEMS"},
)  # fmt: skip
_offer(
    "skops makes a tree", _skops, "TreeNode", "os", "system",
    content="ITEMS", __reduce__={"args": "ITEMS"},
)  # fmt: skip
_offer("skops stirs a seed", _skops, "RandomGeneratorNode", "numpy.random._generator", "Generator")
_offer("skops of no known kind", _skops, "EvalNode", "os", "system")


# --- estimators that go on for ever, or break the process


@hostile("an archive that unpacks to 1 GiB")
def _bomb(folder: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", "[" + " " * 2**30 + "]")
    _archive(folder, data.getvalue())


@hostile("a schema of 2^60 parts")
def _doubling(folder: Path) -> None:
    node: dict[str, Any] = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode"}
    leaf: dict[str, Any] = {**node, "content": [], "__id__": 1}
    for at in range(2, 62):
        again = {**node, "__loader__": "CachedNode", "__id__": at - 1}
        leaf = {**node, "content": [leaf, again], "__id__": at}
    _machine(folder, leaf)


@hostile("a schema that holds itself")
def _circle(folder: Path) -> None:
    node = {"__class__": "list", "__module__": "builtins", "__id__": 1}
    inner = {**node, "__loader__": "CachedNode"}
    _machine(folder, {**node, "__loader__": "ListNode", "content": [inner]})


@hostile("an array of 745 GiB in an archive")
def _giant_in_archive(folder: Path) -> None:
    def change(schema: dict[str, Any], files: dict[str, bytes]) -> None:
        name = next(iter(files))
        head = str({"descr": "<f8", "fortran_order": False, "shape": (10**11,)}).encode()
        head = head.ljust(118) + b"\n"
        files[name] = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head

    _repack(folder, change)


def _misfit(folder: Path, name: str, values: Any) -> None:
    """A machine of libsvm, which does not look whether its arrays fit."""

    def change(schema: dict[str, Any], files: dict[str, bytes]) -> None:
        data = io.BytesIO()
        kept = np.load(io.BytesIO(files[_attribute(schema, name)["file"]]))
        np.save(data, np.asarray(values, kept.dtype))
        files["harm.npy"] = data.getvalue()
        _attribute(schema, name)["file"] = "harm.npy"
        del _attribute(schema, name)["__id__"]  # or else it is what another attribute is

    _repack(folder, change)


_offer("support vectors far outside", _misfit, "support_", [10**9] * 12)
_offer("support vectors before the first", _misfit, "support_", [-(10**9)] * 12)
_offer("a billion support vectors", _misfit, "_n_support", [10**9] * 3)
_offer("fewer support vectors than none", _misfit, "_n_support", [-5, 0, 0])
_offer("coefficients of another shape", _misfit, "_dual_coef_", [[1.0]])
_offer("coefficients of no shape", _misfit, "_dual_coef_", 1.0)
_offer("no intercepts", _misfit, "_intercept_", [])
_offer("probabilities of nothing", _misfit, "_probA", [1.0])
_offer("an archive that is none", _archive, b"PK\x03\x04 harm")
_offer("an archive of nothing", _archive, b"")


# --- files that are none


def _replace(folder: Path, part: str, data: bytes) -> None:
    (folder / part).write_bytes(data)


def _instead(folder: Path, part: str, make: Callable[[Path], object]) -> None:
    (folder / part).unlink()
    make(folder / part)


def _socket(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


def _sparse(path: Path, size: int, head: bytes = b"") -> None:
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)


def _header(size: int, **arrays: Any) -> bytes:
    head = json.dumps(arrays).encode()
    return struct.pack("<Q", size or len(head)) + head


_GIANT = {"dtype": "F64", "shape": [10**11], "data_offsets": [0, 8 * 10**11]}
_WRAPS = {"dtype": "F64", "shape": [2**32, 2**32], "data_offsets": [0, 0]}
_MINUS = {"dtype": "F64", "shape": [-1], "data_offsets": [0, 8]}
_WHOLE = {"dtype": "U8", "shape": [2**33], "data_offsets": [0, 2**33]}

for _part in ("model.json", "arrays.safetensors"):
    _offer(f"no {_part}", _instead, _part, lambda _path: None)
    _offer(f"a folder for {_part}", _instead, _part, Path.mkdir)
    _offer(f"an empty {_part}", _replace, _part, b"")
    _offer(f"bytes for {_part}", _replace, _part, bytes(range(256)) * 40)
    _offer(f"half of {_part}", lambda folder, part: _replace(
        folder, part, (folder / part).read_bytes()[: (folder / part).stat().st_size // 2]
    ), _part)  # fmt: skip
    if hasattr(os, "mkfifo"):
        _offer(f"a pipe for {_part}", _instead, _part, os.mkfifo)
        _offer(f"a socket for {_part}", _instead, _part, _socket)
        _offer(f"a link to zeros for {_part}", _instead, _part, lambda p: p.symlink_to("/dev/zero"))
        _offer(f"a link to itself for {_part}", _instead, _part, lambda p: p.symlink_to(p.name))
    _offer(f"8 GiB for {_part}", _instead, _part, lambda path: _sparse(path, 2**33))

_offer("arrays that declare 745 GiB", _replace, "arrays.safetensors", _header(0, a=_GIANT))
_offer("a shape that wraps to nothing", _replace, "arrays.safetensors", _header(0, a=_WRAPS))
_offer("a negative shape", _replace, "arrays.safetensors", _header(0, a=_MINUS) + bytes(8))
_offer("a header of 2^60 bytes", _replace, "arrays.safetensors", _header(2**60, a=_MINUS))
_offer("8 GiB of zeros that are arrays", _instead, "arrays.safetensors", lambda path: _sparse(
    path, 2**33 + len(_header(0, a=_WHOLE)), _header(0, a=_WHOLE)
))  # fmt: skip
_offer("deep JSON", _replace, "model.json", b"[" * 10**6)
_offer("deep JSON that ends", _replace, "model.json", b'{"a":' * 10**5 + b"1" + b"}" * 10**5)
_offer("a number of a million digits", _replace, "model.json", b'{"format": ' + b"9" * 10**6 + b"}")
_offer("a list for model.json", _replace, "model.json", b"[]")
_offer("text for model.json", _replace, "model.json", b'"format"')
_offer("null for model.json", _replace, "model.json", b"null")
_offer("JSON that is not UTF-8", _replace, "model.json", '{"format": 2}'.encode("utf-16"))


@hostile("a name that stands twice")
def _twice(folder: Path) -> None:
    text = (folder / "model.json").read_text().lstrip()
    (folder / "model.json").write_text('{"name": "other",' + text[1:])


# --- values that are none

for _path, _value in [
    ("format", 1), ("format", "2"), ("format", [2]), ("format", True), ("format", DROP),
    ("name", None), ("name", "x" * 10**6), ("name", "\x1b]0;harm\x07"), ("name", "a\nError: b"),
    ("name", "\ud800"), ("name", {"a": 1}), ("name", DROP),
    ("multilabel", "no"), ("multilabel", 1), ("seed", -1), ("seed", 1.5), ("seed", float("nan")),
    ("clips", -3), ("clips", float("inf")), ("clips", 10**400), ("clips", "12"), ("clips", DROP),
    ("subjects", [4]), ("synthetic", None), ("weights", float("-inf")), ("trust", "os"),
    ("trust", [1]), ("measured", 3), ("measured", {}), ("measured", DROP),
    ("measured", {"run": "r", "seeds": 1, "scores": [["UF1", "a", 0, 1]]}),
    ("measured", {"run": "r", "seeds": 1, "scores": [["UF1", 10**400, 0, 1]]}),
    ("identity", []), ("identity", DROP), ("identity/classes", []), ("identity/classes", "abc"),
    ("identity/classes", [1, 2, 3]), ("identity/classes", ["a"] * 5),
    ("identity/datasets", [3]), ("identity/datasets", "x"), ("identity/protocol", None),
    ("identity/clip_list", 5), ("provenance", DROP), ("provenance", {"origins": "x"}),
    ("identity/recipe", []), ("identity/recipe", {}), ("identity/recipe/nothing", "x"),
    ("identity/recipe/classifier", "nobody"), ("identity/recipe/classifier", ["svm"]),
    ("identity/recipe/classifier", {"name": "svm", "C": "1"}),
    ("identity/recipe/classifier", {"name": "svm", "C": -1}),
    ("identity/recipe/classifier", {"name": "svm", "harm": 1}),
    ("identity/recipe/classifier", {"name": "majority"}),
    ("identity/recipe/extractor", 5), ("identity/recipe/extractor", {"a.b": "flow"}),
    ("identity/recipe/fusion", {"name": "se"}), ("identity/recipe/fusion", "svm"),
    ("state", []), ("state", None), ("state", {}), ("state", DROP), ("state/aligner", {}),
    ("state/classifier", []), ("state/classifier", {"part": {}}),
    (FITTED, None), (FITTED, 5), (FITTED, DROP), (FITTED, {"part": {}}), (FITTED, {"list": 5}),
    (FITTED, {"list": [], "tuple": []}), (FITTED, {"dict": [[{"list": []}, 1]]}),
    (FITTED, {"dict": [[1]]}), (FITTED, {"float": "harm"}), (FITTED, {"again": 0}),
    (FITTED, {"new": "os:system", "id": 0, "state": None}), (FITTED, [[[]]]),
    (f"{FITTED}/fields/each", DROP), (f"{FITTED}/fields/each", {"list": []}),
    (f"{FITTED}/fields/scaling", 3), (f"{FITTED}/fields/multilabel", "maybe"),
    (f"{MARGINS}/fields/values", {"array": "nothing", "order": "C", "scalar": False}),
    (f"{MARGINS}/fields/values", {"array": "0", "order": "K", "scalar": False}),
    (f"{MARGINS}/fields/values", {"array": "0", "order": "C", "scalar": False, "shape": [10**12]}),
    (f"{MARGINS}/fields/values", {"float": "nan"}),
    (f"{MARGINS}/fields/inside", {"array": "2", "order": "C", "scalar": False}),
    (f"{MARGINS}/fields/machine", {"estimator": "0"}),
    (MARGINS, {"network": "torch.nn.modules.linear:Linear", **NETWORK}),
    (MARGINS, {"network": "torch.nn.modules.linear:Linear"}),
    (MARGINS, {"network": "torch.nn.modules.rnn:LSTM", **NETWORK}),
    (MARGINS, {"network": "torch.nn.modules.linear:Identity", **NETWORK, "harm": {}}),
    (MARGINS, {"network": "torch.nn.modules.linear:Identity", **NETWORK, "modules": {"a": 5}}),
    (MARGINS, {"network": "torch.nn.modules.linear:Identity", **NETWORK, "parameters": []}),
    (MARGINS, {"tensor": "0", "parameter": True, "grad": True, "last": False}),
    (MARGINS, {"tensor": "0", "parameter": "a", "grad": [], "last": {}}),
    (MARGINS, _RELU),
    (MARGINS, {"set": [at * (2**61 - 1) for at in range(400_000)]}),
    (MARGINS, {"dict": [[at * (2**61 - 1), 0] for at in range(300_000)]}),
    (MARGINS, {"network": "torch.nn.modules.rnn:LSTM", **NETWORK, "attributes": {
        "num_layers": 10**12, "bidirectional": False, "_all_weights": {"list": [{"list": [1]}]},
    }}),
]:  # fmt: skip
    _shown = "nothing" if _value is DROP else repr(_value)[:50]
    _offer(f"{_path} is {_shown}", _put, _path, _value)


@hostile("an array that nothing holds")
def _unused(folder: Path) -> None:
    arrays = load_file(folder / "arrays.safetensors")
    save_file({**arrays, "harm": np.zeros(3)}, folder / "arrays.safetensors")


def _recast(folder: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    arrays, key = load_file(folder / "arrays.safetensors"), _key_of_machine(folder)
    kept = {n: a if n == key else np.ascontiguousarray(change(a)) for n, a in arrays.items()}
    save_file(kept, folder / "arrays.safetensors")


_offer("arrays that are empty", _recast, lambda array: array[:0])
_offer("arrays of one number", _recast, lambda array: np.zeros((), array.dtype))
_offer("arrays of one more axis", _recast, lambda array: array[None])
_offer("arrays of the largest numbers", _recast, lambda array: np.full(array.shape, 2**62))


@hostile("a network in a state ten thousand deep")
def _deep_network(folder: Path) -> None:
    node: Any = {}
    text = '{"network": "torch.nn.modules.linear:Identity", "modules": {"a": ' * 10**4
    _put(folder, MARGINS, node)
    whole = (folder / "model.json").read_text()
    (folder / "model.json").write_text(whole.replace('"margins": {}', '"margins": ' + text, 1))
