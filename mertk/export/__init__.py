"""Data sets written out for other programs."""
