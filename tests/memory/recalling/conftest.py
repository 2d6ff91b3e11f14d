"""The stores and memories that the tests of recalling share."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from tests.support.planted import (
    House,
    house,
)
from tests.support.recalling import BARE, GAPPED

from sensorium.memory import Memory


@pytest.fixture(scope="module", params=["edge", "client"])
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with house(request.param, tmp_path_factory.mktemp("home"), GAPPED) as built:
        yield built


@pytest.fixture
def memory(home: House) -> Memory:
    return home.memory(str(uuid4()), GAPPED)


@pytest.fixture
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """A memory of an encoder without statistics, of few records."""
    with house("client", tmp_path_factory.mktemp("plain"), BARE) as built:
        yield built.memory("rex", BARE)
