"""One fixture for every store: Edge, a client in memory, and a server if one is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.stores import KINDS, ME, SCHEMA, YOU, Reopen, store_of

from sensorium.qdrant.backend import Backend


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def reopen(kind: str, tmp_path: Path) -> Iterator[Reopen]:
    """Opens the one store of a test, as often as wanted."""
    with store_of(kind, tmp_path) as opener:
        yield opener


@pytest.fixture
def fresh(reopen: Reopen) -> Backend:
    """A new store, for tests that change it for good, or look at what is not there yet."""
    return reopen(SCHEMA)


@pytest.fixture(scope="module")
def standing(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with store_of(kind, tmp_path_factory.mktemp("standing")) as opener:
        yield opener(SCHEMA)


@pytest.fixture
def backend(kind: str, request: pytest.FixtureRequest) -> Backend:
    """One store for many tests, emptied for each: opening one takes longer than most tests."""
    if kind == "memory":  # opens at once, and keeps room for what was deleted
        fresh: Backend = request.getfixturevalue("fresh")
        return fresh
    standing: Backend = request.getfixturevalue("standing")
    for owner in (ME, YOU):
        standing.delete(replace(owner, parts=True))
    return standing
