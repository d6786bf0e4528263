"""Ways to a token for Partner Center."""
