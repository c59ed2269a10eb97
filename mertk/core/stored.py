"""The mark of dataclasses that a fitted component may hold, and that are stored with it."""

from __future__ import annotations

import dataclasses
from typing import TypeVar

MARK = "__mertk_stored__"

_Kind = TypeVar("_Kind", bound=type)


def stored(kind: _Kind) -> _Kind:
    """Mark a dataclass whose objects a fitted component may hold: `mertk train` writes its fields.

    Raises `TypeError` for a class that is no dataclass.
    """
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is no dataclass: put @stored above its @dataclass")
    setattr(kind, MARK, kind.__qualname__)  # its own mark: a subclass has to be marked again
    return kind
