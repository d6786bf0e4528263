"""Microsoft's Partner Center API: its collections, the client, and the DataFrames that answers become."""
