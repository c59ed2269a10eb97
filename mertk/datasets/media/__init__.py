"""Pictures, arrays and videos of clips, decoded frame by frame."""

from mertk.datasets.media import arrays, frames, videos

__all__ = ["arrays", "frames", "videos"]
