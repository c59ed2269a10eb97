"""Shipped datasets, one file each."""
