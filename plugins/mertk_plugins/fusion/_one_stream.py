"""Which stream a block works on."""

from __future__ import annotations

from collections.abc import Mapping

import mertk


def one_stream(
    block: str, shapes: Mapping[str, tuple[int, ...]], stream: str | None, axes: str
) -> str:
    """The named stream, or the only one.

    Args:
        block: name of the block, for messages.
        shapes: shape of each stream, by its name.
        stream: name of the stream that the block works on; null takes the only one. All others pass
            unchanged.
        axes: how the shape is written, such as `regions, time, features`.

    Raises:
        ComponentError: there is no such stream, or it has too few axes.
    """
    name = next(iter(shapes)) if stream is None and len(shapes) == 1 else stream
    if name is None or name not in shapes:
        raise mertk.ComponentError(
            f"{block} works on one stream, and stream={stream!r} does not name it. "
            f"Known: {', '.join(shapes)}."
        )
    longer = "…" in axes
    wanted = len(axes.split(","))
    if len(shapes[name]) < wanted or (len(shapes[name]) > wanted and not longer):
        raise mertk.ComponentError(
            f"{block} takes a stream [{axes}]; '{name}' is {list(shapes[name])}"
        )
    return name
