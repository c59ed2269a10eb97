"""Runs recipes over folds: prefix pass, fold pass, progress."""
