"""The memory of one owner, in a store with others: on Edge, and by a client."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from tests.support.memories import ENCODER
from tests.support.planted import House, house

from sensorium.memory import Memory


@pytest.fixture(scope="module", params=["edge", "client"])
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with house(request.param, tmp_path_factory.mktemp("home"), ENCODER) as built:
        yield built


@pytest.fixture
def memory(home: House) -> Memory:
    """The memory of a new owner, in a store with other owners."""
    return home.memory(str(uuid4()), ENCODER)
