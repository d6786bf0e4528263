"""All that knows Microsoft's API: what it offers, how it is asked, and what its answers become."""
