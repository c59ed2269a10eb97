"""Shipped fusion, one file each."""
