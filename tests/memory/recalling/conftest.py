"""The stores and memories that the tests of recalling share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.planted import PlantedEncoder, house
from tests.support.recalling import BARE, GAPPED

from sensorium.memory import Memory


@pytest.fixture(scope="module")
def house_encoder() -> PlantedEncoder:
    return GAPPED


@pytest.fixture
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """A memory of an encoder without statistics, of few records."""
    with house("client", tmp_path_factory.mktemp("plain"), BARE) as built:
        yield built.memory("rex", BARE)
