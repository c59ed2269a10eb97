"""Shipped rois, one file each."""
