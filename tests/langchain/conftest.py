"""Stores that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.langchain_stores import another, opened
from tests.support.planted import PlantedEncoder

from sensorium.langchain import SensoriumVectorStore
from sensorium.memory import Memory


@pytest.fixture(scope="module", params=["memory", "edge"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SensoriumVectorStore]:
    """One place in which each test is an owner."""
    with opened(request.param, tmp_path_factory.mktemp("store")) as store:
        yield store


@pytest.fixture
def store(house: SensoriumVectorStore) -> SensoriumVectorStore:
    """A store that is empty."""
    return another(house)


@pytest.fixture
def own() -> Iterator[SensoriumVectorStore]:
    """A store whose memory makes its vectors itself."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        yield SensoriumVectorStore(memory)
