"""Shipped data sets, one file each."""
