"""The call sheet: what one customer's call is about, on one page of paper or two."""
