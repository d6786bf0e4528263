"""What is asked of the files of live collections, on Spark."""

from tests.data_access.history.test_live import (  # noqa: F401 - each of its tests is one of this module's
    clock,
    partner,
    run,
    test_an_engine_that_is_restricted_sees_the_live_rows_of_its_customers_alone,
    test_engines_work_out_what_is_asked_of_them,
    url,
)
