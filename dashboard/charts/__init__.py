"""Charts as Plotly figures, made from DataFrames, with a module for each kind of chart; the components draw them."""
