"""A store with owners who share, of every kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.planted import MODALITIES, House, PlantedEncoder
from tests.support.stores import KINDS, store_of

from sensorium.qdrant import CollectionSchema


@pytest.fixture(scope="module", params=KINDS)
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    space = PlantedEncoder(gap=1.0, background=True).space
    schema = CollectionSchema.for_space(space, modalities=MODALITIES)
    folder = tmp_path_factory.mktemp("home")
    with store_of(request.param, folder) as reopen:
        yield House(reopen(schema), folder)
