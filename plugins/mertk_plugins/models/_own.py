"""The card of a model of this project."""

import mertk


def describe_own(title: str, *differs: str) -> mertk.Card:
    """A card without an original; `differs` says what the model takes from whom."""
    return mertk.Card(
        title=title,
        authors="mertk",
        venue="no paper",
        year=2026,
        code="mertk, this program",
        leak="L0",
        differs=("There is no original: the model was made for this program.", *differs),
    )
