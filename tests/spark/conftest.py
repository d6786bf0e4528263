"""A Spark cluster for as long as the tests run; the tests are those of every engine."""

import pytest

from data_access import Settings
from data_access.history.engines import Spark, connect
from tests.spark.cluster import cluster

pytest.register_assert_rewrite("tests.data_access.history.test_engines", "tests.data_access.history.test_live")


@pytest.fixture(scope="session")
def remote(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("spark")) as address:
        yield address


@pytest.fixture(scope="session")
def engine(remote):
    spark = connect(Settings(analytics_engine="spark", spark_remote=remote))
    assert isinstance(spark, Spark)
    yield spark
    spark._session.stop()
