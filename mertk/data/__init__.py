"""Parts that readers of data sets share: frames on disk, spreadsheets, AU codes, layouts."""

from mertk.data import arrays, aus, frames, layouts, record, repairs, sheets, videos

__all__ = ["arrays", "aus", "frames", "layouts", "record", "repairs", "sheets", "videos"]
