"""How fast it is, as ratios in one run (absolute times depend on the machine), and how often its ranges hold."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench import asking, books, bulk, clicks, crowd, customers, keeping, ranges, taking, visits


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--small", action="store_true", help="little of everything, to see that the bench works")
    parts = ("bulk", "books", "keeping", "customers", "asking", "ranges", "taking", "clicks", "visits", "crowd")
    options.add_argument("--only", choices=parts, help="one part alone")
    options.add_argument("--before", type=Path, help="a checkout of an earlier version, for the part `crowd`")
    chosen = options.parse_args()
    number, products = (100, 10) if chosen.small else (10_000, 30)
    if chosen.only in (None, "bulk"):
        bulk.run(2 if chosen.small else 5, number, products)
    if chosen.only in (None, "books"):
        books.run(2 if chosen.small else 5, number, products)
    if chosen.only in (None, "asking"):
        # 22 million rows: a minute and a half to make, and 150 MB in the folder for temporary files.
        asking.run(*((2, 100, 10, 40) if chosen.small else (12, 10_000, 27, 81)))
    if chosen.only in (None, "keeping"):
        keeping.run(2 if chosen.small else 7, number, products, 40 if chosen.small else 1000)
    if chosen.only in (None, "customers"):
        customers.run(1 if chosen.small else 3, number, 8)
    if chosen.only in (None, "ranges"):
        ranges.run(2 if chosen.small else 1000)
    if chosen.only in (None, "taking"):
        for times in (1,) if chosen.small else (1, 4):
            taking.run(10, number, products, times, seconds_at_rest=0.2 if chosen.small else 2.0)
    if chosen.only in (None, "clicks"):
        clicks.run(*((1, 100, 10, 5, 0.3) if chosen.small else (30, 10_000, 30, 81, 3.0)))
    if chosen.only in (None, "visits"):
        visits.run(1 if chosen.small else 7)
    if chosen.only in (None, "crowd"):
        crowd.run(*((4, 8, 1, 0.0) if chosen.small else (50, 200, 4, 600.0)), chosen.before)
    return 0


if __name__ == "__main__":
    sys.exit(main())
