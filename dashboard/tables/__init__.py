"""The columns of every table and file, and the rows that they show; a file for each page, with the stem of its screen.

Nothing here draws: `components/dataframe.py` says how Streamlit shows each kind of column.
"""
