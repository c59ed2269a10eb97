"""All streams as one vector."""

from __future__ import annotations

import mertk


class Concat:
    """Flatten all streams into one, `features` `[1, D]`, in the order of their names."""

    def fuse(self, streams: mertk.Streams, /) -> mertk.Streams:
        """The stream `features`."""
        return {"features": mertk.flatten(streams)[None]}


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.fusion("concat", Concat)
