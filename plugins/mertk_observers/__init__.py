"""Observers of runs, one file each, that are loaded when asked for: `--plugin`."""
