"""What happens where there is no Spark to connect to."""

import socket

import pytest

from data_access import Settings, SettingsError
from data_access.errors import EngineError
from data_access.history.engines import connect


@pytest.mark.filterwarnings("ignore:.*RETRIES_EXCEEDED")
def test_an_address_where_nobody_answers_is_an_error_that_names_the_setting():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"sc://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(EngineError, match="SPARK_REMOTE"):
        connect(Settings(analytics_engine="spark", spark_remote=address))


@pytest.mark.parametrize("address", ["http://127.0.0.1:15002", "127.0.0.1", "sc://"])
def test_what_is_no_address_is_an_error_that_says_what_one_looks_like(address):
    with pytest.raises(SettingsError, match=r"SPARK_REMOTE.*sc://host:15002"):
        connect(Settings(analytics_engine="spark", spark_remote=address))
