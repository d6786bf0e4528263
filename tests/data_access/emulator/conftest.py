"""Emulators, served."""

import pytest

from data_access.emulator import Emulator, documented, serving
from tests.data_access.emulator.asking import SAMPLE


@pytest.fixture(scope="module")
def address():
    with serving(Emulator(SAMPLE)) as base_url:
        yield base_url


@pytest.fixture
def emulator():
    return Emulator(documented())


@pytest.fixture
def base_url(emulator):
    with serving(emulator) as base_url:
        yield base_url
