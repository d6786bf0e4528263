"""The benchmark: how fast the program is, as ratios within one run; `make bench` runs it."""
