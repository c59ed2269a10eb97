"""Shipped extractors, one file each."""
