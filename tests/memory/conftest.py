"""The memory of one owner, in a store with others: on Edge, and by a client."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from tests.support.memories import ENCODER
from tests.support.planted import House, PlantedEncoder, house

from sensorium.memory import Memory


@pytest.fixture(scope="module")
def house_encoder() -> PlantedEncoder:
    """The encoder of the store; modules with another one override this."""
    return ENCODER


@pytest.fixture(scope="module", params=["edge", "client"])
def home(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    house_encoder: PlantedEncoder,
) -> Iterator[House]:
    with house(request.param, tmp_path_factory.mktemp("home"), house_encoder) as built:
        yield built


@pytest.fixture
def memory(home: House, house_encoder: PlantedEncoder) -> Memory:
    """The memory of a new owner, in a store with other owners."""
    return home.memory(str(uuid4()), house_encoder)
