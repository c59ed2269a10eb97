"""Shipped spotters, one file each."""
