"""Shipped protocols, one file each."""
