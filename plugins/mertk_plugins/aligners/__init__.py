"""Shipped aligners, one file each."""
