"""Leave one subject out, over whatever labels a column of the records holds."""

from __future__ import annotations

import mertk
from mertk_plugins.protocols._mapped import LeaveOneSubjectOut, text_of


class LOSO(LeaveOneSubjectOut):
    """Leave one subject out, with the labels of any column.

    Clips with an empty label are left out.

    Args:
        column: field of the clips' records that holds the label; `label` is the usual label of each
            data set.
        classes: names of the classes, in their order, two or more; null takes all labels that are
            found, sorted. A clip with another label is an error.
        exclude: labels whose clips are left out; null leaves out none.
    """

    datasets: tuple[str, ...] = ()

    def __init__(
        self,
        *,
        column: str = "label",
        classes: list[str] | None = None,
        exclude: list[str] | None = None,
    ) -> None:
        names = classes or []
        if len(set(names)) < len(names):
            raise ValueError(f"classes={names} names a class twice")
        if classes is not None and len(names) < 2:
            raise ValueError(f"classes={names} needs at least two classes")
        both = sorted(set(names) & set(exclude or []))
        if both:
            raise ValueError(f"'{both[0]}' is in classes and in exclude")
        self._column, self._classes = column, tuple(names)
        self._exclude = frozenset(exclude or [])

    @property
    def classes(self) -> tuple[str, ...]:
        """The fixed class list, or empty for all labels that are found."""
        return self._classes

    def label(self, clip: mertk.Clip, /) -> str | None:
        """The column's text, or None where it is empty or excluded.

        Raises `ProtocolError` where there is no such column, or the label is not in `classes`.
        """
        label = text_of(clip, self._column)
        if not label or label in self._exclude:
            return None
        if self._classes and label not in self._classes:
            raise mertk.ProtocolError(
                f"{clip.uid} is '{label}', which is not in classes {', '.join(self._classes)}; "
                "add it there, or to exclude"
            )
        return label


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.protocol("loso", LOSO)
