"""Which stream a block works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mertk

if TYPE_CHECKING:
    from collections.abc import Mapping


def one_stream(
    block: str, shapes: Mapping[str, tuple[int, ...]], stream: str | None, axes: str
) -> str:
    """The named stream, or the only one.

    Raises `ComponentError` where there is no such one, or it has too few axes; `axes` is how the
    shape is written, such as `regions, time, features`.
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
