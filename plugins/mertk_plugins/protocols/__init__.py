"""Shipped protocols: a row of a table, or a file each."""
