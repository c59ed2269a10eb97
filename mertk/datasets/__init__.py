"""Parts that readers share: records, spreadsheets, AU codes, corrections, folders, surveys."""

from mertk.datasets import (
    action_units,
    annotations,
    binding,
    corrections,
    edited_cells,
    editions,
    folders,
    formulas,
    locations,
    media,
    reader,
    record,
    spreadsheets,
    survey,
    validation,
)

__all__ = [
    "action_units",
    "annotations",
    "binding",
    "corrections",
    "edited_cells",
    "editions",
    "folders",
    "formulas",
    "locations",
    "media",
    "reader",
    "record",
    "spreadsheets",
    "survey",
    "validation",
]
