"""Any network of torch, by the import path of its class."""

from __future__ import annotations

from typing import Any

import mertk
from mertk.nn import classifier, training
from mertk_plugins import _foreign

_CLASSES = ("num_classes", "n_classes", "classes")
_CHANNELS = ("in_channels", "in_chans")


class TorchModule(classifier.NetworkClassifier):
    """Any network of torch: `torch_module:torchvision.models.resnet18,epochs=20`.

    It is given one stream `[clips, …]` as floats, without the axis of regions where there is one
    region, and gives logits `[clips, classes]`. The number of classes goes to whichever of
    `num_classes`, `n_classes` and `classes` it takes, the number of channels to `in_channels` or
    `in_chans` where it has such a parameter; torch's lazy layers find out for themselves.
    Parameters that are not listed here are the module's own.

    Args:
        path: where the class, or a function that makes a module, is imported from.
        stream: name of the stream that the module is given; null takes the only one.
        **params: parameters of that class or function.
    """

    imports = ("path",)

    def __init__(
        self,
        *,
        path: str = "torchvision.models.resnet18",
        stream: str | None = None,
        epochs: int = 50,
        lr: float = 1e-3,
        batch: int = 64,
        loss: training.Loss = "cross_entropy",
        alpha: bool = False,
        optimizer: training.Optimizer = "adam",
        weight_decay: float = 0.0,
        **params: Any,
    ) -> None:
        target = _foreign.import_target(path)
        _foreign.check_parameters(path, target, params)
        self.path = path
        self.stream = stream
        self.params = params
        self.schedule = training.Schedule(
            epochs=epochs,
            lr=lr,
            batch=batch,
            loss=loss,
            alpha=alpha,
            optimizer=optimizer,
            weight_decay=weight_decay,
        )

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The module, behind a stream; raises `ComponentError` where it does not fit it."""
        from mertk_plugins.classifiers._torch_module_net import OneStream

        name = next(iter(shapes)) if self.stream is None and len(shapes) == 1 else self.stream
        if name is None or name not in shapes:
            raise mertk.ComponentError(
                f"torch_module takes one stream, and stream={self.stream!r} names none of: "
                f"{classifier.list_streams(shapes)}"
            )
        shape = shapes[name]
        shape = shape[1:] if shape[0] == 1 and len(shape) > 1 else shape
        target = _foreign.import_target(self.path)
        known = _foreign.read_parameters(self.path, target)
        # torchvision's functions hand `**kwargs` on to a class that takes num_classes
        every = any(p.kind is p.VAR_KEYWORD for p in known.values())
        given: dict[str, Any] = {n: classes for n in _CLASSES if n in known}
        given |= {n: shape[0] for n in _CHANNELS if n in known}
        if every and not {*_CLASSES} & {*given, *self.params}:
            given["num_classes"] = classes
        try:
            return OneStream(name, shape, target(**{**given, **self.params}), classes)
        except (TypeError, ValueError, RuntimeError) as error:
            raise mertk.ComponentError(
                f"torch_module: {self.path} with a stream {list(shape)}: {error}"
            ) from error


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("torch_module", TorchModule, needs=("torch",))
