"""A recipe at work on clips: pure stages into the cache, folds fitted, then predictions."""
