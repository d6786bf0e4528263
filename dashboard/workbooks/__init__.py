"""Excel workbooks: `book` makes one of a table, `cells` is what stands in its sheets."""
