"""Parts that readers of data sets share: frames, spreadsheets, AU codes, repairs, surveys."""

from mertk.data import (
    annotations,
    arrays,
    aus,
    binding,
    doctor,
    formulas,
    frames,
    layouts,
    record,
    repairs,
    sheets,
    survey,
    trees,
    videos,
)

__all__ = [
    "annotations",
    "arrays",
    "aus",
    "binding",
    "doctor",
    "formulas",
    "frames",
    "layouts",
    "record",
    "repairs",
    "sheets",
    "survey",
    "trees",
    "videos",
]
