"""Shipped classifiers, one file each."""
