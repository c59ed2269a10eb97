"""Pictures without faces in mind: optical flow, resampling, apex detection."""
