"""Shipped models, one file each."""
