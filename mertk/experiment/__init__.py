"""A study run over folds, on this machine or on others."""
