"""How many examples a test of a property tries."""

from hypothesis import settings

#: Of a test that says nothing else, and where nobody looks for more.
EVERY_DAY = 25


def examples(number, **more):
    """So many every day; under another profile as many times more as that profile has of all."""
    return settings(max_examples=number * settings().max_examples // EVERY_DAY, **more)
