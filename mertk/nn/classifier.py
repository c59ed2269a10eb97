"""What classifiers that are networks share: a subclass defines its layers and its training.

Nothing has to inherit from this; it spares a file its `fit`, `predict` and `explain`.
"""

from __future__ import annotations

import difflib
import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack, get_type_hints

from mertk.core.errors import ComponentError
from mertk.nn import training

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mertk.core.clips import Floats, Streams, TrainingSet
    from mertk.core.interfaces import Differentiable


class NetworkClassifier:
    """A classifier with a `schedule` and a `network`, trained jointly with the blocks before it.

    A subclass sets `schedule`, the defaults of its training, and describes its own parameters. Its
    constructor takes the parameters of training as `**options` and gives them to this one:

        class Small(NetworkClassifier):
            schedule = training.Schedule(epochs=50, lr=1e-3)

            def __init__(
                self, *, width: int = 8, **options: Unpack[training.TrainingOptions]
            ) -> None:
                super().__init__(**options)
                self.width = width

    `inspect.signature(Small)` then has each parameter of training by its name, with the defaults of
    `Small.schedule`. A subclass that does not set `schedule` has the parameters that its
    constructor lists, and sets `self.schedule` there.

    Args:
        dropout: share of the values that are set to 0, drawn anew in each training step, 0 or more
            and below 1.
        epochs, lr, batch, loss, gamma, margins, alpha: see `mertk.nn.schedule.Schedule`.
        optimizer, weight_decay, eps, momentum: see `mertk.nn.schedule.Schedule`.
        lr_decay, decay_every, max_norm, precision: see `mertk.nn.schedule.Schedule`.
    """

    schedule: training.Schedule
    _trained: training.Trained

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        if hasattr(cls, "schedule"):
            cls.__signature__ = _expand_options(cls.__init__, cls.schedule)  # type: ignore[attr-defined]

    def __init__(self, **options: Unpack[training.TrainingOptions]) -> None:
        self.schedule = replace(self.schedule, **options)

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """A new `nn.Module`: dict of streams `[clips, …]` → logits `[clips, classes]`.

        `shapes` are those of one clip. Raises `ComponentError` where it cannot take them.
        """
        raise NotImplementedError

    def fit(
        self,
        train: TrainingSet[Streams],
        rng: np.random.Generator,
        /,
        through: Sequence[Differentiable] = (),
    ) -> None:
        """Train on the clips' streams; raises `ComponentError` where their shapes differ."""
        classes = len(train.classes)
        self._trained = training.fit(
            lambda shapes: self.network(shapes, classes),
            train.inputs,
            train.labels,
            rng,
            classes=classes,
            schedule=self.schedule,
            through=through,
        )

    def predict(self, streams: Streams, /) -> NDArray[np.float64]:
        """Class probabilities `[classes]` of one clip."""
        return self._trained.predict(streams)

    def explain(self, streams: Streams, /) -> dict[str, Floats]:
        """What the network's parts and the blocks before it show of one clip."""
        return self._trained.explain(streams)


def _expand_options(
    constructor: Callable[..., None], schedule: training.Schedule
) -> inspect.Signature:
    """The signature of a constructor, with the fields of `schedule` in place of its `**options`."""
    signature = inspect.signature(constructor)
    own = list(signature.parameters.values())[1:]
    if not own or own[-1].kind is not inspect.Parameter.VAR_KEYWORD:
        return signature.replace(parameters=own)
    for name, hint in get_type_hints(training.TrainingOptions).items():
        if name not in signature.parameters:
            default = getattr(schedule, name)
            own.insert(
                -1,
                inspect.Parameter(
                    name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint
                ),
            )
    return signature.replace(parameters=own[:-1])


def check_picture_stream(
    who: str,
    shapes: training.Shapes,
    *,
    channels: int = 3,
    least: int = 4,
    source: str = "flow",
) -> tuple[str, tuple[int, int]]:
    """The name and the size (height, width) of the one stream `[1, channels, height, width]`.

    Raises `ComponentError`, which begins with `who` and names the extractor `source`, for any other
    streams, and for a picture of fewer than `least` pixels in height or width.
    """
    found = [
        (name, (shape[2], shape[3]))
        for name, shape in shapes.items()
        if len(shape) == 4 and shape[:2] == (1, channels) and min(shape[2:]) >= least
    ]
    if len(shapes) != 1 or not found:
        raise ComponentError(
            f"{who} takes one stream [1, {channels}, height, width] of at least {least}x{least} "
            f"pixels, such as the extractor {source} gives for the ROI scheme whole; given: "
            f"{list_streams(shapes)}"
        )
    return found[0]


def check_dropout(share: float) -> float:
    """The share of values to drop while training, as given; raises `ValueError` outside [0, 1)."""
    if not 0 <= share < 1:
        raise ValueError(f"dropout={share} is not in [0, 1)")
    return share


def create_backbone(
    who: str, name: str, *, pretrained: bool, weights: str = "", **options: Any
) -> Any:
    """The network `name` of timm: weights of a file, of timm (asks the Internet), or drawn anew.

    `weights` is a safetensors file with the weights by timm's names; those of a classification
    head are left out where the network has none. With a file, `pretrained` has no effect.

    `options` are those of `timm.create_model`. Raises `ComponentError`, which begins with `who`,
    for a name that timm does not know, and where weights cannot be loaded or do not fit.
    """
    import timm

    if not timm.is_model(name) and ":" not in name:  # hf_hub:… is somebody's repository
        near = difflib.get_close_matches(name, timm.list_models(), n=3)
        hint = f"Did you mean {' or '.join(near)}? " if near else ""
        raise ComponentError(
            f"{who}: timm knows no model '{name}'. {hint}timm.list_models() has them all"
        )
    try:
        net = timm.create_model(name, pretrained=pretrained and not weights, **options)
    except TypeError as error:
        raise ComponentError(f"{who}: timm makes no {name} of {options}: {error}") from error
    except (OSError, RuntimeError) as error:
        if not pretrained:
            raise
        reason = str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
        raise ComponentError(
            f"{who}: the pretrained weights of {name} cannot be loaded "
            f"({reason}); connect to the Internet once, give a file (weights=FILE.safetensors), or "
            "set pretrained=false, which starts from scratch"
        ) from error
    if weights:
        _load_weights(who, net, weights)
    return net


def _load_weights(who: str, net: Any, file: str) -> None:
    """Load a safetensors file into a network of timm; its head may be of other classes."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        known = load_file(file)
    except (OSError, SafetensorError) as error:
        raise ComponentError(
            f"{who}: the weights {file} cannot be read ({error}); give a safetensors file"
        ) from error
    head = f"{net.pretrained_cfg.get('classifier', 'head')}."
    own = net.state_dict()
    wanted = {name for name in own if not name.startswith(head)}
    missing = sorted(wanted - known.keys())
    other = sorted(n for n in wanted & known.keys() if known[n].shape != own[n].shape)
    if missing or other:
        raise ComponentError(
            f"{who}: {file} are not weights of this network: of {len(wanted)} tensors, "
            f"{len(missing)} are missing and {len(other)} have another shape, such as "
            f"{(missing + other)[0]}"
        )
    net.load_state_dict({name: known[name] for name in wanted}, strict=False)


def find_stream(
    who: str,
    shapes: training.Shapes,
    axes: Sequence[int | str],
    hint: str,
    *,
    name: str | None = None,
) -> tuple[str, tuple[int, ...]]:
    """The name and the shape of the one stream, or of the one called `name`.

    `axes` are lengths, or the names of axes of any length above 0. Raises `ComponentError`, which
    begins with `who` and says `hint`, where there is no such stream, or several and no `name`.
    """
    found = [one for one in shapes if name in (None, one)]
    if len(found) != 1 or not _matches_axes(shapes[found[0]], axes):
        wanted = "one stream" if name is None else f"a stream '{name}'"
        raise ComponentError(
            f"{who} takes {wanted} [{', '.join(map(str, axes))}] {hint}; "
            f"given: {list_streams(shapes)}"
        )
    return found[0], shapes[found[0]]


def pick_stream(name: str) -> Any:
    """The first layer of an `nn.Sequential`: dict of streams → the stream `name` as floats."""
    from mertk.nn._stream_net import PickStream

    return PickStream(name)


def _matches_axes(shape: tuple[int, ...], axes: Sequence[int | str]) -> bool:
    return len(shape) == len(axes) and all(
        length == axis if isinstance(axis, int) else length > 0
        for length, axis in zip(shape, axes, strict=True)
    )


def check_clip_stream(
    who: str, shapes: training.Shapes, *, least: tuple[int, int], regions: int | None = None
) -> tuple[str, tuple[int, int, int, int]]:
    """The name of the one stream `[regions, time, 1, h, w]` of grey frames, and (regions, t, h, w).

    Raises `ComponentError`, which begins with `who`, for any other streams, for another number of
    `regions` (None: any), and for fewer than `least` (frames, pixels in height and width).
    """
    found = [
        (name, (shape[0], shape[1], shape[3], shape[4]))
        for name, shape in shapes.items()
        if len(shape) == 5
        and regions in (None, shape[0])
        and shape[2] == 1
        and shape[1] >= least[0]
        and min(shape[3:]) >= least[1]
    ]
    if len(shapes) != 1 or not found:
        raise ComponentError(
            f"{who} takes one stream [{regions or 'regions'}, time, 1, height, width] of at least "
            f"{least[0]} frames of {least[1]}x{least[1]} pixels, such as the extractor "
            f"pixels:frame=clip gives; given: {list_streams(shapes)}"
        )
    return found[0]


def list_streams(shapes: training.Shapes) -> str:
    """Streams and their shapes, for a message."""
    return ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items()) or "none"
