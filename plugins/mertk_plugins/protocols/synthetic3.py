"""The protocol of the synthetic set: three classes, leave one subject out."""

from __future__ import annotations

import mertk
from mertk_plugins.protocols._mapped import THREE, LeaveOneSubjectOut


class Synthetic3(LeaveOneSubjectOut):
    """Synthetic clips as negative, positive or surprise, leaving one subject out."""

    datasets = ("synthetic",)
    classes = THREE

    def label(self, clip: mertk.Clip, /) -> str | None:
        """The class that the generator wrote down."""
        found = str(clip.record.get("label"))
        return found if found in self.classes else None


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.protocol("synthetic3", Synthetic3)
