"""How fast it is, as ratios in one run; `make bench`."""
