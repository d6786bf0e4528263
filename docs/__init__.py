"""The manual; `python -m docs` writes those of its pages that come out of the code."""
