"""The columns and rows of every table and file, with a module for each page under the name of its screen.

Nothing here draws: `components/table.py` does, with `browser/table.js`.
"""
