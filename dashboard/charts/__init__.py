"""Frames become figures; a file for each kind of chart. Nothing here draws."""
