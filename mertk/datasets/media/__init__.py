"""Pictures, arrays and videos of clips, decoded frame by frame."""

from mertk.datasets.media import arrays, features, frames, sources, videos

__all__ = ["arrays", "features", "frames", "sources", "videos"]
