"""Image processing of any pictures: optical flow, resampling, apex detection."""
