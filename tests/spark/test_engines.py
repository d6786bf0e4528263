"""The tests of every engine, on Spark."""

from tests.data_access.history.test_engines import *  # noqa: F403 - each of its tests is one of this module's
